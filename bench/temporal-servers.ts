import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { registerSearchAttributes } from '../src/temporal/search-attributes.ts';
import { withTemporalAccess } from '../src/temporal/temporal-access.ts';
import { baseEnvironment } from '../stack/child-environment.ts';
import { freePort } from '../stack/ports.ts';
import { startPostgres } from '../stack/postgres.ts';
import type { PartCommand } from '../stack/supervisor.ts';
import { withTemporal } from '../stack/temporal/temporal-connection.ts';
import { waitUntilReady } from '../stack/start-part.ts';
import { startEmbeddedTemporal } from '../test/support/embedded-temporal.ts';
import { findTemporalServer } from '../test/support/find-temporal-server.ts';
import { newNamespace } from '../test/support/new-namespace.ts';
import { connectToPostgres } from '../test/support/postgres-session.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';
import type { Started } from './lifetime.ts';
import type { Pids } from './processes.ts';
import { PRODUCTION_SERVER } from './results.ts';

/** A Temporal server that the orchestration is measured on. */
export interface TemporalServer extends Started {
  name: string;
  settings: TemporalSettings;
  /** The server, and its database if that is a process of its own. */
  pids: Pids;
  /** The current size of its database. Only a server with a database of its own process has this. */
  databaseBytes?: () => Promise<number>;
}

/**
 * The dev server as `npm start` runs it, with its data in a file or in memory.
 *
 * @param changed changes the command that runs the server.
 */
export async function startDevServer(
  storage: 'file' | 'memory',
  changed?: (command: PartCommand) => PartCommand,
): Promise<TemporalServer> {
  const { settings, server, stop } = await startEmbeddedTemporal(storage, changed);
  const name = storage === 'file' ? 'dev server, data in a file' : 'dev server, data in memory';
  return { name, settings, pids: { temporal: server.pid }, stop };
}

const HOST = '127.0.0.1';
const NAMESPACE = 'default';
const PLUGIN = 'postgres12_pgx';
const DATABASES = ['temporal', 'temporal_visibility'];
const READY_TIMEOUT_MS = 120_000;

const fileOf = (name: string) => fileURLToPath(new URL(`../deploy/temporal/${name}`, import.meta.url));

/** The variables for ports of the server's services. Each service needs two ports of its own. */
const portVariables = ['FRONTEND', 'MATCHING', 'HISTORY', 'WORKER'].flatMap((service) => [
  `${service}_GRPC_PORT`,
  `${service}_MEMBERSHIP_PORT`,
]);

/** The server that docker-compose.yml runs, with its settings, on a PostgreSQL of its own. */
export async function startProductionServer(): Promise<TemporalServer> {
  const { dataDir, supervisor, stop } = await openSupervisedFolder('order-creation-temporal');
  try {
    const program = await findTemporalServer(process.env);
    const postgres = await startPostgres({
      supervisor,
      dataDir: path.join(dataDir, 'postgres'),
      password: randomUUID(),
    });
    const { host, port, user, password } = postgres;
    const database = await connectToPostgres(postgres);
    for (const name of DATABASES) await database.sql(`CREATE DATABASE ${name}`);
    const schema = supervisor.spawn({
      name: 'temporal-schema',
      command: '/bin/sh',
      args: [fileOf('set-up-schema.sh')],
      env: {
        PATH: `${program.binFolder}${path.delimiter}${process.env['PATH']}`,
        TEMPORAL_SCHEMA_DIR: program.schemaFolder,
        SQL_PLUGIN: PLUGIN,
        SQL_HOST: host,
        SQL_PORT: String(port),
        SQL_USER: user,
        SQL_PASSWORD: password,
      },
      endsByItself: true,
    });
    if ((await schema.exited).code !== 0)
      throw new Error(`Temporal's databases could not be made: ${schema.logFile} says why.`);

    const ports = Object.fromEntries(
      await Promise.all(portVariables.map(async (name) => [name, String(await freePort())])),
    );
    const settings = { address: `${HOST}:${ports['FRONTEND_GRPC_PORT']}`, namespace: NAMESPACE };
    const part = supervisor.spawn({
      name: 'temporal',
      command: path.join(program.binFolder, 'temporal-server'),
      args: ['start'],
      env: {
        ...baseEnvironment(process.env),
        ...ports,
        FRONTEND_HTTP_PORT: String(await freePort()),
        DB: PLUGIN,
        POSTGRES_SEEDS: host,
        DB_PORT: String(port),
        POSTGRES_USER: user,
        POSTGRES_PWD: password,
        DBNAME: 'temporal',
        VISIBILITY_DBNAME: 'temporal_visibility',
        NUM_HISTORY_SHARDS: '512',
        SQL_MAX_CONNS: '15',
        SQL_MAX_IDLE_CONNS: '15',
        SQL_VIS_MAX_CONNS: '5',
        SQL_VIS_MAX_IDLE_CONNS: '5',
        BIND_ON_IP: HOST,
        TEMPORAL_BROADCAST_ADDRESS: HOST,
        DYNAMIC_CONFIG_FILE_PATH: fileOf('dynamic-config.yaml'),
        LOG_LEVEL: 'warn',
      },
    });
    // The server accepts calls some time after it has opened its port.
    const isReady = () =>
      withTemporal(settings, async (connection) => {
        await newNamespace(connection, { namespace: NAMESPACE, retentionDays: 1 });
        return true;
      });
    await waitUntilReady({ name: 'The Temporal server', part, timeoutMs: READY_TIMEOUT_MS, isReady });
    await withTemporalAccess(settings, (temporal) => registerSearchAttributes(temporal));
    return {
      name: PRODUCTION_SERVER,
      settings,
      pids: { temporal: part.pid, 'temporal database': postgres.pid },
      async databaseBytes() {
        const sizes = 'SELECT sum(pg_database_size(datname)) AS bytes FROM pg_database WHERE datname = ANY($1)';
        return Number((await database.sql(sizes, DATABASES))[0]?.['bytes']);
      },
      crash: supervisor.crash,
      async stop() {
        await database.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
