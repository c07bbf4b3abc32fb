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

/** What a row tells of an order. Its columns are named as the fields. */
const COLUMNS = 'number, ridendineOrderId, externalOrderId, paymentSessionId, total, currency, status';
type Row = PartnerOrder & { number: number };

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
        ridendineOrderId TEXT NOT NULL UNIQUE,
        externalOrderId TEXT,
        paymentSessionId TEXT,
        total INTEGER,
        currency TEXT,
        status TEXT,
        seen INTEGER NOT NULL DEFAULT 0
      );
      CREATE INDEX by_external ON partner_orders (externalOrderId);
      BEGIN`);
    this.#insert = this.#database.prepare(
      `INSERT INTO partner_orders (ridendineOrderId, externalOrderId, paymentSessionId, total, currency, status)
       VALUES (:ridendineOrderId, :externalOrderId, :paymentSessionId, :total, :currency, :status)
       ON CONFLICT DO NOTHING`,
    );
    this.#find = this.#database.prepare(
      `SELECT ${COLUMNS} FROM partner_orders WHERE ridendineOrderId = ?
       UNION SELECT ${COLUMNS} FROM partner_orders WHERE externalOrderId = ? ORDER BY number`,
    );
    this.#markSeen = this.#database.prepare('UPDATE partner_orders SET seen = 1 WHERE ridendineOrderId = ?');
  }

  /** @returns false if the list has had this id before. */
  add(order: PartnerOrder): boolean {
    return this.#insert.run({ ...order }).changes === 1;
  }

  /** RideNDine's orders that have one of these ids. From then on {@link unseen} leaves them out. */
  take({ ridendineOrderId, id }: { ridendineOrderId: string | null; id: string }): PartnerOrder[] {
    const found = this.#find.all(ridendineOrderId, id) as unknown as Row[];
    for (const order of found) this.#markSeen.run(order.ridendineOrderId);
    return found;
  }

  /** The orders that {@link take} has not returned, in pages. */
  *unseen(pageSize: number): Generator<PartnerOrder[]> {
    const next = this.#database.prepare(
      `SELECT ${COLUMNS} FROM partner_orders WHERE seen = 0 AND number > ? ORDER BY number LIMIT ?`,
    );
    for (let after: number | undefined = 0; after !== undefined;) {
      const rows = next.all(after, pageSize) as unknown as Row[];
      if (rows.length > 0) yield rows;
      after = rows.at(-1)?.number;
    }
  }

  close(): void {
    this.#database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
