import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const bytes = z.instanceof(Uint8Array).transform((body): Buffer => Buffer.from(body));

/** An order as the partner holds it. */
const storedOrder = z.object({
  ridendine_order_id: z.string(),
  payment_session_id: z.string(),
  external_order_id: z.string(),
  quote_id: z.string(),
  merchant_id: z.string(),
  /** The key it was created under. */
  idempotency_key: z.string(),
  /** The bytes that created it. */
  body: bytes,
  created_at: z.string(),
  /** Calls to POST /orders/create that named its `external_order_id`, whatever became of them. */
  attempts: z.number(),
});
export type StoredOrder = z.output<typeof storedOrder>;

/** A call as it arrived. The two ids are null where the body does not show them. */
const attemptReceipt = z.object({
  idempotency_key: z.string().nullable(),
  content_type: z.string().nullable(),
  external_order_id: z.string().nullable(),
  quote_id: z.string().nullable(),
  body: bytes,
});
export type AttemptReceipt = z.output<typeof attemptReceipt>;

/** What became of a call; written before the caller can see it. */
const attemptOutcome = z.object({
  /** `pending`: not decided yet, or the sandbox ended before it was. */
  answer: z.enum(['pending', 'response', 'reset', 'nothing']),
  /** The HTTP status, where `answer` is `response`. */
  status: z.number().nullable(),
  /** `stored`: this call created the order. `replayed`: an earlier call had. */
  effect: z.enum(['stored', 'replayed', 'none']),
  /** The kind of the fault that struck. */
  fault: z.string().nullable(),
  ridendine_order_id: z.string().nullable(),
});
export type AttemptOutcome = z.output<typeof attemptOutcome>;

const storedAttempt = z.object({
  id: z.number(),
  received_at: z.string(),
  ...attemptReceipt.shape,
  ...attemptOutcome.shape,
});
export type StoredAttempt = z.output<typeof storedAttempt>;

type NewOrder = Omit<StoredOrder, 'ridendine_order_id' | 'payment_session_id' | 'created_at' | 'attempts'>;

/** What the partner remembers of an idempotency key. */
interface KeyHolder {
  /** Whether the key was accepted with the same bytes. */
  sameBody: boolean;
  order: StoredOrder;
}

interface OrderFilter {
  external_order_id?: string | undefined;
  idempotency_key?: string | undefined;
}

/**
 * Orders, idempotency keys and received calls, in one SQLite file. Whatever a method has written when it returns
 * survives a `kill -9` of the process at that moment.
 */
export interface OrderStore {
  /** Runs `work` as one transaction: all of it or, if it throws, nothing. */
  atomically<Result>(work: () => Result): Result;
  keyHolder(idempotencyKey: string, body: Buffer): KeyHolder | undefined;
  /** Creates the order and takes its key; undefined if there is an order of this `external_order_id` already. */
  createOrder(order: NewOrder): StoredOrder | undefined;
  /** Forgets keys, all of them or one order's, and never an order. Returns how many. */
  forgetKeys(externalOrderId?: string): number;
  /** Notes a call on arrival, its outcome `pending`. Returns its id. */
  recordAttempt(receipt: AttemptReceipt): number;
  concludeAttempt(id: number, outcome: AttemptOutcome): void;
  /** In the order of creation. */
  listOrders(filter: OrderFilter): StoredOrder[];
  /** In the order of arrival. */
  listAttempts(filter: OrderFilter): StoredAttempt[];
  close(): void;
}

/** Must be raised with every change of the tables below. A file of another version is refused. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE orders (
    sequence INTEGER PRIMARY KEY,
    ridendine_order_id TEXT NOT NULL UNIQUE,
    payment_session_id TEXT NOT NULL UNIQUE,
    external_order_id TEXT NOT NULL UNIQUE,
    quote_id TEXT NOT NULL,
    merchant_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body BLOB NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE idempotency_keys (
    idempotency_key TEXT PRIMARY KEY,
    body_sha256 TEXT NOT NULL,
    external_order_id TEXT NOT NULL REFERENCES orders (external_order_id)
  ) STRICT;
  CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    received_at TEXT NOT NULL,
    idempotency_key TEXT,
    content_type TEXT,
    external_order_id TEXT,
    quote_id TEXT,
    body BLOB NOT NULL,
    answer TEXT NOT NULL DEFAULT 'pending',
    status INTEGER,
    effect TEXT NOT NULL DEFAULT 'none',
    fault TEXT,
    ridendine_order_id TEXT
  ) STRICT;
  CREATE INDEX attempts_external_order_id ON attempts (external_order_id);
  CREATE INDEX attempts_idempotency_key ON attempts (idempotency_key);
`;

const SELECT_ORDERS = `
  SELECT *, (SELECT count(*) FROM attempts WHERE attempts.external_order_id = orders.external_order_id) AS attempts
  FROM orders`;

/**
 * Opens the file, with its folder and tables if they are missing.
 *
 * @throws if the file can't be opened or is of another version.
 */
export function openOrderStore(dataFile: string): OrderStore {
  mkdirSync(dirname(dataFile), { recursive: true });
  // A predecessor that is just being killed may hold the file for a moment.
  const database = new DatabaseSync(dataFile, { timeout: 5_000 });
  prepareTables(database, dataFile);

  const insertOrder = database.prepare(`
    INSERT INTO orders (ridendine_order_id, payment_session_id, external_order_id, quote_id, merchant_id,
      idempotency_key, body, created_at)
    VALUES (:ridendine_order_id, :payment_session_id, :external_order_id, :quote_id, :merchant_id,
      :idempotency_key, :body, :created_at) ON CONFLICT (external_order_id) DO NOTHING`);
  const insertKey = database.prepare(
    'INSERT INTO idempotency_keys (idempotency_key, body_sha256, external_order_id) VALUES (?, ?, ?)',
  );
  const selectKey = database.prepare(
    'SELECT body_sha256, external_order_id FROM idempotency_keys WHERE idempotency_key = ?',
  );
  const deleteKeys = database.prepare('DELETE FROM idempotency_keys WHERE ?1 IS NULL OR external_order_id = ?1');
  const insertAttempt = database.prepare(`
    INSERT INTO attempts (received_at, idempotency_key, content_type, external_order_id, quote_id, body)
    VALUES (:received_at, :idempotency_key, :content_type, :external_order_id, :quote_id, :body)`);
  const updateAttempt = database.prepare(`
    UPDATE attempts SET answer = :answer, status = :status, effect = :effect, fault = :fault,
      ridendine_order_id = :ridendine_order_id WHERE id = :id`);
  function listOrders(filter: OrderFilter): StoredOrder[] {
    const { where, values } = condition(filter);
    const rows = database.prepare(`${SELECT_ORDERS} ${where} ORDER BY sequence`).all(...values);
    return rows.map((row) => storedOrder.parse(row));
  }

  return {
    atomically(work) {
      // IMMEDIATE takes the write lock at once: nobody can write between what `work` reads and what it writes.
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    keyHolder(idempotencyKey, body) {
      const row = selectKey.get(idempotencyKey);
      if (row === undefined) return undefined;
      const [order] = listOrders({ external_order_id: String(row['external_order_id']) });
      return order && { sameBody: row['body_sha256'] === sha256(body), order };
    },
    createOrder(order) {
      const { changes } = insertOrder.run({
        ...order,
        ridendine_order_id: `rnd_${randomBytes(12).toString('hex')}`,
        payment_session_id: `ps_${randomBytes(16).toString('hex')}`,
        created_at: new Date().toISOString(),
      });
      if (changes === 0) return undefined;
      insertKey.run(order.idempotency_key, sha256(order.body), order.external_order_id);
      return listOrders({ external_order_id: order.external_order_id })[0];
    },
    forgetKeys(externalOrderId) {
      return Number(deleteKeys.run(externalOrderId ?? null).changes);
    },
    recordAttempt(receipt) {
      return Number(insertAttempt.run({ ...receipt, received_at: new Date().toISOString() }).lastInsertRowid);
    },
    concludeAttempt(id, outcome) {
      updateAttempt.run({ ...outcome, id });
    },
    listOrders,
    listAttempts(filter) {
      const { where, values } = condition(filter);
      const rows = database.prepare(`SELECT * FROM attempts ${where} ORDER BY id`).all(...values);
      return rows.map((row) => storedAttempt.parse(row));
    },
    close() {
      database.close();
    },
  };
}

function prepareTables(database: DatabaseSync, dataFile: string): void {
  // WAL with NORMAL: when a commit returns, the operating system has it, so the death of this process loses nothing.
  // Only a power cut could lose the last commits, and a stand-in need not survive one.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;');
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) {
    database.close();
    throw new Error(`${dataFile} was written by another version of the sandbox: move it away to start afresh.`);
  }
  database.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
}

/** Has terms only for the filters that are set: a fixed "?1 IS NULL OR …" for each column reads the whole table. */
function condition(filter: OrderFilter): { where: string; values: string[] } {
  const columns = (['external_order_id', 'idempotency_key'] as const).filter((name) => filter[name] !== undefined);
  return {
    where: columns.length === 0 ? '' : `WHERE ${columns.map((name) => `${name} = ?`).join(' AND ')}`,
    values: columns.flatMap((name) => filter[name] ?? []),
  };
}

function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
