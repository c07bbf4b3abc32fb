import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';

/** What every part says of itself. */
export function logFolder(dataDir: string): string {
  return path.join(dataDir, 'logs');
}

export function partLogFile(dataDir: string, name: string): string {
  return path.join(logFolder(dataDir), `${name}.log`);
}

/**
 * Opens an empty log file for a part, with that of the run before kept as `.log.1`: two files, however often it starts.
 *
 * @returns a file descriptor that the child writes to by itself, so that it can go on if this process is gone. To be
 *   closed here once the child has it.
 */
export function openPartLog(dataDir: string, name: string): { fd: number; close(): void } {
  const file = partLogFile(dataDir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file)) renameSync(file, `${file}.1`);
  const fd = openSync(file, 'a');
  return { fd, close: () => closeSync(fd) };
}

/** The end of a part's log, to show why it ended. */
export function lastLogLines(dataDir: string, name: string, count: number): string[] {
  const file = partLogFile(dataDir, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count) : [];
}
