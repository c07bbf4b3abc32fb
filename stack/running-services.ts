import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { processIdentity } from './launch/process-identity.mjs';

const servicesSchema = z.object({
  temporal: z.object({ address: z.string(), namespace: z.string(), uiUrl: z.string() }).optional(),
  directus: z.object({ url: z.string() }).optional(),
  ridendine: z.object({ url: z.string() }).optional(),
  /** The names of the variables that the stack itself was given; their values stand nowhere. */
  given: z.array(z.string()),
});

const recordSchema = servicesSchema.extend({ pid: z.int().positive(), startedAt: z.string() });

/** What a stack has started, for programs beside it. A service that was given to it by its address is left out. */
export type RunningServices = z.output<typeof servicesSchema>;

/** Tells programs beside this stack where its services are, until {@link forgetServices} or the end of this process. */
export function recordServices(dataDir: string, services: RunningServices): void {
  const file = recordFile(dataDir);
  mkdirSync(path.dirname(file), { recursive: true });
  const record = { ...services, pid: process.pid, startedAt: processIdentity(process.pid) };
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function forgetServices(dataDir: string): void {
  rmSync(recordFile(dataDir), { force: true });
}

/** @returns undefined if no stack runs on the folder: what a killed one has left behind does not count. */
export function findRunningServices(dataDir: string): RunningServices | undefined {
  let text: string;
  try {
    text = readFileSync(recordFile(dataDir), 'utf8');
  } catch {
    return undefined;
  }
  const { data: record } = recordSchema.safeParse(parseJson(text));
  return record !== undefined && processIdentity(record.pid) === record.startedAt ? record : undefined;
}

function recordFile(dataDir: string): string {
  return path.join(dataDir, 'run', 'services.json');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // of another version, or damaged
  }
}
