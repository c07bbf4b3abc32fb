import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';

/** The folder with the log files of all parts. */
export function logFolder(dataDir: string): string {
  return path.join(dataDir, 'logs');
}

export function partLogFile(dataDir: string, name: string): string {
  return path.join(logFolder(dataDir), `${name}.log`);
}

/**
 * Opens an empty log file for a part. The log of the previous start is kept as `.log.1`, and older logs are dropped.
 *
 * @returns a file descriptor that the child writes to by itself, so that the child can go on if this process is gone.
 *   This process must close it once the child has it.
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
