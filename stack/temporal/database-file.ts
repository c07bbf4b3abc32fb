import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';

const CHECK_TIMEOUT_MS = 20_000;

interface DatabaseFile {
  file: string;
  /** The files are numbered in the order in which they were begun. */
  number: number;
  /** The version of the server that made the file; undefined if the name of the file does not say it. */
  server: string | undefined;
}

/** The files in a data folder that hold what Temporal has stored; the last one is in use. */
export async function temporalDatabases(dataDir: string): Promise<DatabaseFile[]> {
  const names = await readdir(dataDir);
  return names
    .flatMap((name) => {
      const [file, number = '0', server] = /^temporal(?:-(\d+)-(.+))?\.db$/.exec(name) ?? [];
      return file === undefined ? [] : [{ file: path.join(dataDir, file), number: Number(number), server }];
    })
    .toSorted((a, b) => a.number - b.number);
}

/**
 * The file that this CLI's server may open. The server can set up a new file, but it cannot upgrade a file of another
 * version. If there is only such a file, the server gets a new one beside it.
 *
 * @param say called with a sentence in that case.
 */
export async function temporalDatabase(options: {
  cli: string;
  dataDir: string;
  say: (sentence: string) => void;
}): Promise<string> {
  const { cli, dataDir, say } = options;
  const server = await serverVersion(cli);
  const last = (await temporalDatabases(dataDir)).at(-1);
  if (last?.server === server) return last.file;
  if (last !== undefined) {
    say(
      `Temporal's server is ${server} now and begins a new database. ${last.file}, of another version, stays as it is; the sweep continues its unfinished orders.`,
    );
  }
  return path.join(dataDir, `temporal-${(last?.number ?? 0) + 1}-${server}.db`);
}

async function serverVersion(cli: string): Promise<string> {
  const { stdout } = await execa(cli, ['--version'], { timeout: CHECK_TIMEOUT_MS });
  const [, version] = /\bserver ([\w.+-]+)/i.exec(stdout) ?? [];
  if (version === undefined) throw new Error(`${cli} does not say the version of its server: ${stdout}`);
  return version;
}
