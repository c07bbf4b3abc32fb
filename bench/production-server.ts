import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { registerSearchAttributes } from '../src/temporal/search-attributes.ts';
import { withTemporalAccess } from '../src/temporal/temporal-access.ts';
import { baseEnvironment } from '../stack/child-environment.ts';
import { freePort } from '../stack/free-port.ts';
import { startPostgres } from '../stack/postgres.ts';
import type { RunningPostgres } from '../stack/postgres.ts';
import type { Supervisor } from '../stack/supervisor.ts';
import { withTemporal } from '../stack/temporal/temporal-connection.ts';
import { waitUntilReady } from '../stack/wait-until-ready.ts';
import { findTemporalServer } from '../test/support/find-temporal-server.ts';
import type { TemporalServer } from '../test/support/find-temporal-server.ts';
import { newNamespace } from '../test/support/new-namespace.ts';
import { connectToPostgres } from '../test/support/postgres-session.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';
import { PRODUCTION_SERVER } from './capacity.ts';
import type { BenchServer } from './temporal-servers.ts';

const HOST = '127.0.0.1';
const NAMESPACE = 'default';
const PLUGIN = 'postgres12_pgx';
const DATABASES = ['temporal', 'temporal_visibility'];
const SHARDS = '512';
const READY_TIMEOUT_MS = 120_000;

const dynamicConfig = fileURLToPath(new URL('../deploy/temporal/dynamic-config.yaml', import.meta.url));
const setUpSchema = fileURLToPath(new URL('../deploy/temporal/set-up-schema.sh', import.meta.url));

/** The ports that each of the server's services takes for itself. */
const portVariables = ['FRONTEND', 'MATCHING', 'HISTORY', 'WORKER'].flatMap((service) => [
  `${service}_GRPC_PORT`,
  `${service}_MEMBERSHIP_PORT`,
]);

/** The server that docker-compose.yml runs, with its settings, on a PostgreSQL of its own. */
export async function startProductionServer(): Promise<BenchServer> {
  const { dataDir, supervisor, stop } = await openSupervisedFolder('order-creation-temporal');
  try {
    const program = await findTemporalServer(process.env);
    const postgres = await startPostgres({
      supervisor,
      dataDir: path.join(dataDir, 'postgres'),
      password: randomUUID(),
    });
    await makeDatabases({ supervisor, postgres, program });
    const ports = Object.fromEntries(await Promise.all(portVariables.map(async (name) => [name, await freePort()])));
    const settings = { address: `${HOST}:${ports['FRONTEND_GRPC_PORT']}`, namespace: NAMESPACE };
    const part = supervisor.spawn({
      name: 'temporal',
      command: path.join(program.binFolder, 'temporal-server'),
      args: ['--env', 'docker', 'start'],
      env: {
        ...baseEnvironment(process.env),
        ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
        FRONTEND_HTTP_PORT: String(await freePort()),
        DB: PLUGIN,
        POSTGRES_SEEDS: HOST,
        DB_PORT: String(postgres.port),
        VISIBILITY_DB_PORT: String(postgres.port),
        POSTGRES_USER: postgres.user,
        POSTGRES_PWD: postgres.password,
        DBNAME: 'temporal',
        VISIBILITY_DBNAME: 'temporal_visibility',
        NUM_HISTORY_SHARDS: SHARDS,
        SQL_MAX_CONNS: '15',
        SQL_MAX_IDLE_CONNS: '15',
        SQL_VIS_MAX_CONNS: '5',
        SQL_VIS_MAX_IDLE_CONNS: '5',
        BIND_ON_IP: HOST,
        TEMPORAL_BROADCAST_ADDRESS: HOST,
        DYNAMIC_CONFIG_FILE_PATH: dynamicConfig,
        LOG_LEVEL: 'warn',
      },
      cwd: program.home,
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
      variant: PRODUCTION_SERVER,
      title: 'production server on PostgreSQL',
      settings,
      pids: { temporal: part.pid, 'temporal database': postgres.pid },
      flags: [PLUGIN, `NUM_HISTORY_SHARDS=${SHARDS}`, 'deploy/temporal/dynamic-config.yaml'],
      databaseBytes: () => databaseBytes(postgres),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function databaseBytes(postgres: RunningPostgres): Promise<number> {
  const session = await connectToPostgres(postgres);
  try {
    const [row] = await session.sql(
      'SELECT sum(pg_database_size(datname)) AS bytes FROM pg_database WHERE datname = ANY($1)',
      DATABASES,
    );
    return Number(row?.['bytes']);
  } finally {
    await session.close();
  }
}

async function makeDatabases(options: {
  supervisor: Supervisor;
  postgres: RunningPostgres;
  program: TemporalServer;
}): Promise<void> {
  const { supervisor, postgres, program } = options;
  const session = await connectToPostgres(postgres);
  for (const name of DATABASES) await session.sql(`CREATE DATABASE ${name}`);
  await session.close();
  const tool = supervisor.spawn({
    name: 'temporal-schema',
    command: '/bin/sh',
    args: [setUpSchema],
    env: {
      PATH: `${program.binFolder}${path.delimiter}${process.env['PATH']}`,
      TEMPORAL_SCHEMA_DIR: path.join(program.home, 'schema'),
      SQL_PLUGIN: PLUGIN,
      SQL_HOST: postgres.host,
      SQL_PORT: String(postgres.port),
      SQL_USER: postgres.user,
      SQL_PASSWORD: postgres.password,
    },
    endsByItself: true,
  });
  const { code } = await tool.exited;
  if (code !== 0) throw new Error(`Temporal's databases could not be made: ${tool.logFile} says why.`);
}
