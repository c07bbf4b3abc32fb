import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** An order as RideNDine lists it; what its list does not tell is `null`. */
export interface PartnerOrder {
  ridendineOrderId: string;
  /** Our order's id. */
  externalOrderId: string | null;
  paymentSessionId: string | null;
  /** In minor units. */
  total: number | null;
  currency: string | null;
  status: string | null;
}

/** RideNDine's list, kept on disk because it can be of any length. `close` removes it. */
export class PartnerLedger {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'reconcile-'));
  readonly #database: DatabaseSync;
  readonly #insert;
  readonly #find;
  readonly #markSeen;

  constructor() {
    this.#database = new DatabaseSync(path.join(this.#folder, 'list.db'));
    this.#database.exec(`
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      CREATE TABLE partner_orders (
        number INTEGER PRIMARY KEY,
        ridendine_order_id TEXT NOT NULL UNIQUE,
        external_order_id TEXT,
        payment_session_id TEXT,
        total INTEGER,
        currency TEXT,
        status TEXT,
        seen INTEGER NOT NULL DEFAULT 0
      );
      CREATE INDEX by_external ON partner_orders (external_order_id);
      BEGIN`);
    this.#insert = this.#database.prepare(
      `INSERT INTO partner_orders (ridendine_order_id, external_order_id, payment_session_id, total, currency, status)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#find = this.#database.prepare(
      `SELECT * FROM partner_orders WHERE ridendine_order_id = ?
       UNION SELECT * FROM partner_orders WHERE external_order_id = ? ORDER BY number`,
    );
    this.#markSeen = this.#database.prepare('UPDATE partner_orders SET seen = 1 WHERE ridendine_order_id = ?');
  }

  /** @returns false if the list has had this id before. */
  add(order: PartnerOrder): boolean {
    const { ridendineOrderId, externalOrderId, paymentSessionId, total, currency, status } = order;
    const { changes } = this.#insert.run(ridendineOrderId, externalOrderId, paymentSessionId, total, currency, status);
    return changes === 1;
  }

  /** RideNDine's orders that have one of these ids. From then on {@link unseen} leaves them out. */
  take({ ridendineOrderId, id }: { ridendineOrderId: string | null; id: string }): PartnerOrder[] {
    const found = this.#find.all(ridendineOrderId, id).map(read);
    for (const order of found) this.#markSeen.run(order.ridendineOrderId);
    return found;
  }

  /** The orders that {@link take} has not returned, in pages. */
  *unseen(pageSize: number): Generator<PartnerOrder[]> {
    const next = this.#database.prepare(
      'SELECT * FROM partner_orders WHERE seen = 0 AND number > ? ORDER BY number LIMIT ?',
    );
    for (let after = 0; ;) {
      const rows = next.all(after, pageSize);
      if (rows.length === 0) return;
      yield rows.map(read);
      after = Number(rows.at(-1)?.['number']);
    }
  }

  close(): void {
    this.#database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function read(row: Record<string, unknown>): PartnerOrder {
  const text = (name: string) => (row[name] as string | null) ?? null;
  return {
    ridendineOrderId: String(row['ridendine_order_id']),
    externalOrderId: text('external_order_id'),
    paymentSessionId: text('payment_session_id'),
    total: row['total'] === null ? null : Number(row['total']),
    currency: text('currency'),
    status: text('status'),
  };
}
