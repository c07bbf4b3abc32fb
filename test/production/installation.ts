import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { baseEnvironment } from '../../stack/child-environment.ts';
import { lastLogLines } from '../../stack/part-log.ts';
import { startPostgres } from '../../stack/postgres.ts';
import type { RunningPostgres } from '../../stack/postgres.ts';
import { startPart } from '../../stack/start-part.ts';
import type { RestartablePart } from '../../stack/start-part.ts';
import { Supervisor } from '../../stack/supervisor.ts';
import type { PartCommand, PartCrashed } from '../../stack/supervisor.ts';
import { loadComposeProject } from '../support/compose-project.ts';
import type { ComposeService } from '../support/compose-project.ts';
import { removeDataFolder } from '../support/remove-data-folder.ts';
import { commandOf, directusCommand, innerPorts, serviceOf, temporaryFolder } from './commands.ts';
import type { Site } from './commands.ts';
import { healthCheckOf, healthLimitMs } from './health.ts';
import { buildApp } from './image.ts';
import { Places } from './places.ts';
import { prepareConfiguration } from './prometheus.ts';
import { findTools } from './tools.ts';
import { asEnvironmentFile } from './variables.ts';

/**
 * Services that are left out. People look at orders with them, but no order passes through them. They are only
 * available as containers.
 */
const left = new Set(['temporal-ui', 'grafana']);

const LAST_LINES = 20;

/** What docker-compose.yml describes, running without containers. */
export interface Installation {
  postgres: RunningPostgres;
  /** The programs that run, by the name of their service, except PostgreSQL. */
  parts: Map<string, RestartablePart>;
  /** A service's settings in the compose file. */
  service(name: string): ComposeService;
  /** The address of a service on this machine, by its port in the container: `127.0.0.1:<port>`. */
  address(service: string, port: number): string;
  /** Settles when a program ends that nobody has stopped. */
  crash: Promise<PartCrashed>;
  /** The folder with one log file for each program. */
  logFolder: string;
  /** Ends everything and removes its data. */
  stop(): Promise<void>;
}

/**
 * Does what `docker compose up` does, without containers: starts the same programs with the same settings, each when
 * what it depends on is ready or done. Only names of hosts, ports and paths differ.
 *
 * Different from the images: PostgreSQL is the embedded one, Directus comes from package.json, and Prometheus from the
 * machine. Node, instead of the container's file system, keeps our programs from writing elsewhere.
 *
 * @param variables the variables of the environment file.
 */
export async function startInstallation(variables: Record<string, string>): Promise<Installation> {
  const folder = await mkdtemp(path.join(tmpdir(), 'production-'));
  // When the tests run as root, PostgreSQL runs as another user, which must be able to enter the folder.
  await chmod(folder, 0o755);
  const supervisor = new Supervisor({ dataDir: folder });
  const stop = async () => {
    await supervisor.stop();
    await removeDataFolder(folder);
  };
  try {
    const environmentFile = path.join(folder, 'compose.env');
    await writeFile(environmentFile, asEnvironmentFile(variables));
    const project = await loadComposeProject(environmentFile);
    const places = await Places.choose(project, { folder: path.join(folder, 'volumes'), inner: innerPorts });
    const tools = await findTools(path.join(folder, 'bin'), supervisor);
    const appFolder = await buildApp(path.join(folder, 'app'));
    const { postgres, parts } = await up({ project, places, tools, folder, appFolder }, supervisor);
    return {
      postgres,
      parts,
      service: (name) => serviceOf(project, name),
      address: (name, port) => `127.0.0.1:${places.port(name, port)}`,
      crash: supervisor.crash,
      logFolder: path.join(folder, 'logs'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Start {
  isStarted: Promise<void>;
  /** Resolves when the service is healthy or, if it ends by itself, when it has ended with exit code 0. */
  isDone: Promise<RunningPostgres | undefined>;
}

/** Starts every service when the services that it depends on are as far as its `depends_on` says. */
async function up(site: Site, supervisor: Supervisor) {
  const names = Object.keys(site.project.services).filter((name) => !left.has(name));
  const parts = new Map<string, RestartablePart>();
  const starts = new Map<string, Start>();

  const start = (name: string): Start => {
    const known = starts.get(name);
    if (known) return known;
    const { promise: isStarted, resolve, reject } = Promise.withResolvers<void>();
    const isDone = startAfterOthers(name, resolve);
    isDone.then(() => resolve(), reject);
    // Perhaps nobody awaits `isStarted`. Whoever awaits `isDone` gets the error.
    isStarted.catch(() => {});
    starts.set(name, { isStarted, isDone });
    return { isStarted, isDone };
  };
  const startAfterOthers = async (name: string, onStarted: () => void) => {
    const { depends_on: others, restart } = serviceOf(site.project, name);
    await Promise.all(
      Object.entries(others)
        .filter(([other]) => names.includes(other))
        .map(([other, { condition }]) => {
          requirePossible(site, name, other, condition);
          return condition === 'service_started' ? start(other).isStarted : start(other).isDone;
        }),
    );
    if (name === 'postgres') return startDatabase(site, supervisor);
    if (restart !== 'unless-stopped') await runOnce(site, supervisor, name, onStarted);
    else parts.set(name, await startService(site, supervisor, name, onStarted));
    return undefined;
  };
  await Promise.all(names.map((name) => start(name).isDone));
  const postgres = await starts.get('postgres')?.isDone;
  if (postgres === undefined) throw new Error('docker-compose.yml has no service postgres.');
  return { postgres, parts };
}

/** @throws Error where compose would refuse to wait, or wait forever. */
function requirePossible({ project }: Site, name: string, other: string, condition: string): void {
  const { healthcheck, restart } = serviceOf(project, other);
  if (condition === 'service_healthy' && healthcheck === undefined) {
    throw new Error(`${name} waits until ${other} is healthy, which has no health check.`);
  }
  if (condition === 'service_completed_successfully' && restart === 'unless-stopped') {
    throw new Error(`${name} waits until ${other} has ended, which is started again then.`);
  }
}

/** Starts PostgreSQL, and runs what its image runs on an empty data folder. */
async function startDatabase(site: Site, supervisor: Supervisor): Promise<RunningPostgres> {
  const { project, places, tools, folder } = site;
  const environment = places.environment('postgres');
  const password = environment['POSTGRES_PASSWORD'] ?? '';
  const postgres = await startPostgres({
    supervisor,
    dataDir: path.join(folder, 'postgres'),
    password,
    port: places.port('postgres', 5432),
  });
  const scripts = serviceOf(project, 'postgres').volumes.filter(({ target }) =>
    target.startsWith('/docker-entrypoint-initdb.d/'),
  );
  for (const { source } of scripts) {
    await runToEnd(site, supervisor, {
      name: 'postgres-scripts',
      command: source,
      args: [],
      env: {
        ...baseEnvironment(process.env),
        ...environment,
        PATH: tools.searchPath,
        // In the container the superuser connects through a socket, which needs none of these variables.
        PGHOST: postgres.host,
        PGPORT: String(postgres.port),
        PGPASSWORD: password,
      },
    });
  }
  return postgres;
}

async function runOnce(site: Site, supervisor: Supervisor, name: string, onStarted: () => void): Promise<void> {
  const command = commandOf(site, name);
  await prepareFolders(site, name, command);
  const end = runToEnd(site, supervisor, command);
  onStarted();
  await end;
}

function startService(
  site: Site,
  supervisor: Supervisor,
  name: string,
  onStarted: () => void,
): Promise<RestartablePart> {
  const command = commandOf(site, name);
  const spawn = async () => {
    await prepareFolders(site, name, command);
    if (name === 'prometheus') await prepareConfiguration(site);
    if (name === 'directus') await runToEnd(site, supervisor, directusCommand(site, 'bootstrap'));
    const part = supervisor.spawn(command);
    onStarted();
    return part;
  };
  return startPart({ name, spawn, timeoutMs: healthLimitMs(site, name), isReady: healthCheckOf(site, name) }).catch(
    (error: unknown) => {
      throw new Error(`${name} did not start. Its last lines:\n${lastLines(site.folder, name)}`, { cause: error });
    },
  );
}

async function prepareFolders(site: Site, name: string, { cwd }: PartCommand): Promise<void> {
  const folders = [temporaryFolder(site, name), ...site.places.writable(name), ...(cwd === undefined ? [] : [cwd])];
  for (const folder of folders) await mkdir(folder, { recursive: true });
}

/** Runs a command as compose awaits `service_completed_successfully`. @throws Error if the command fails. */
async function runToEnd({ folder }: Site, supervisor: Supervisor, command: PartCommand): Promise<void> {
  const { name } = command;
  const { code, signal } = await supervisor.spawn({ ...command, endsByItself: true }).exited;
  if (code === 0) return;
  throw new Error(`${name} ended (${signal ?? `exit code ${code}`}). Its last lines:\n${lastLines(folder, name)}`);
}

/** The last lines of a log, for an error message: the log is removed with the data folder. */
function lastLines(folder: string, name: string): string {
  return lastLogLines(folder, name, LAST_LINES).join('\n');
}
