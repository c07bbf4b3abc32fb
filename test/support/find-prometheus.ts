import path from 'node:path';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { startGo } from './go-program.ts';

/** The version of the image `prom/prometheus` in docker-compose.yml. */
export const PROMETHEUS_VERSION = '3.13.5';
const MODULE = 'github.com/prometheus/prometheus';

/**
 * Finds Prometheus and promtool, which checks rules and expressions, or builds both into the tool cache (needs Go).
 *
 * @param doing is called before a slow step, with a description of it.
 * @returns the folder of both programs.
 * @throws Error with one sentence if they cannot be found or built.
 */
export async function findPrometheus(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<string> {
  const folder = await cacheTool(`prometheus-${PROMETHEUS_VERSION}`, async (unfinished) => {
    const go = await startGo({ name: 'Prometheus', folder: unfinished, environment });
    doing('building it from source (once, about 4 minutes, 220 MB)');
    const commands = ['prometheus', 'promtool'].map((name) => `${MODULE}/cmd/${name}`);
    // `go install` alone refuses a module whose go.mod has exclusions, so this folder becomes a module that uses it.
    await go('mod', 'init', 'tools');
    await go('get', ...commands.map((command) => `${command}@${moduleVersion}`));
    await go('install', '-ldflags=-s -w', ...commands);
  });
  return path.join(folder, 'bin');
}

/** Version 3.x.y of Prometheus is version v0.3xx.y of its Go module. */
const [major = 0, minor = 0, patch = 0] = PROMETHEUS_VERSION.split('.').map(Number);
const moduleVersion = `v0.${major * 100 + minor}.${patch}`;
