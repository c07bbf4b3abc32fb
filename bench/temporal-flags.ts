import { readFileSync } from 'node:fs';

/** What of a dev server's command line tells how fast it is. Ports, files and addresses differ from run to run. */
const TELLING = ['--dynamic-config-value', '--sqlite-pragma', '--log-level'];

/** How a running Temporal server was started. */
export function temporalFlags(pid: number): string[] {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  const isFileBacked = args.some((arg) => arg.startsWith('--db-filename'));
  return [
    ...environment.filter((variable) => variable.startsWith('GOGC=')),
    ...(isFileBacked ? ['--db-filename=…'] : []),
    ...args.filter((arg) => TELLING.some((name) => arg.startsWith(`${name}=`))),
  ];
}
