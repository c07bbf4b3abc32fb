import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** A terminal gets one line that changes; a log file gets few lines. */
const TERMINAL_INTERVAL_MS = 500;
const LOG_INTERVAL_MS = 10_000;

/**
 * Says how far an installation has come, by the packages that are on disk already.
 * @param {{ root: string, packages: string[] }} options
 * @returns {{ end(outcome: 'done' | 'failed' | 'stopped'): void }}
 */
export function followInstallation({ root, packages }) {
  const { stdout } = process;
  const startedAt = Date.now();
  const elapsed = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  const status = () => {
    const present = packages.filter((place) => existsSync(path.join(root, place, 'package.json'))).length;
    if (present === 0) return `fetching, ${elapsed()}`;
    if (present === packages.length) return `running install scripts, ${elapsed()}`;
    return `${present} of ${packages.length} packages, ${elapsed()}`;
  };
  const show = () => stdout.write(stdout.isTTY ? `\r\u001B[2K  ${status()}` : `  ${status()}\n`);
  const timer = setInterval(show, stdout.isTTY ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS);
  return {
    end(outcome) {
      clearInterval(timer);
      const line =
        outcome === 'done' ? `  ${packages.length} packages, ${elapsed()}` : `  ${outcome} after ${elapsed()}`;
      stdout.write(stdout.isTTY ? `\r\u001B[2K${line}\n` : `${line}\n`);
    },
  };
}
