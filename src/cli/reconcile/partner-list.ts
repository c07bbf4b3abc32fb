import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import type { Info } from 'csv-parse';
import { z } from 'zod';
import { CommandError, systemCodeOf } from '../command.ts';
import type { PartnerOrder } from './partner-ledger.ts';

/** What is read from RideNDine's list. By default, each value stands in a column of the same name. */
export const partnerColumns = [
  'ridendine_order_id',
  'external_order_id',
  'payment_session_id',
  'total',
  'currency',
  'status',
] as const;
export type PartnerColumn = (typeof partnerColumns)[number];

export interface ListFormat {
  columns: Partial<Record<PartnerColumn, string>>;
  delimiter: string;
}

/** An amount is a whole number of minor units, as in our orders. */
const wholeNumber = z.string().regex(/^-?\d{1,15}$/);

/**
 * RideNDine's orders from a file of comma-separated values, one by one. The first line names the columns. Columns that
 * we do not need are not read.
 *
 * @throws {CommandError} the file cannot be read as such a list. The message tells where, and never what stands there.
 */
export async function* readPartnerList(file: string, { columns, delimiter }: ListFormat): AsyncGenerator<PartnerOrder> {
  let header: string[] = [];
  const parser = parse({ bom: true, delimiter, trim: true, skip_empty_lines: true, info: true });
  const source = createReadStream(file);
  source.on('error', (error) => parser.destroy(error));
  const rows = source.pipe(parser);
  try {
    for await (const { record: row, info } of rows as AsyncIterable<{ record: string[]; info: Info }>) {
      if (header.length === 0) {
        header = row;
        requireColumns(header, columns);
        continue;
      }
      const text = (name: PartnerColumn) => row[header.indexOf(columns[name] ?? name)] || null;
      yield readOrder(text, `${file}, line ${info.lines}`);
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (error instanceof CsvError) throw new CommandError(`${file}: ${faultOf(error, parser.info.lines)}`);
    const code = systemCodeOf(error);
    throw new CommandError(code === 'EISDIR' ? `${file} is a folder.` : `${file} cannot be read (${code}).`);
  } finally {
    source.destroy();
  }
  if (header.length === 0) throw new CommandError(`${file} is empty.`);
}

function faultOf({ code }: CsvError, line: number): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'a quote is opened in one of its lines and never closed.';
  return `line ${line} is not as the first one says (${code}).`;
}

function requireColumns(header: string[], columns: ListFormat['columns']): void {
  const id = columns.ridendine_order_id ?? 'ridendine_order_id';
  const missing = [id, ...Object.values(columns)].filter((column) => !header.includes(column));
  if (missing.length === 0) return;
  const names = [...new Set(missing)].map((name) => `"${name}"`).join(', ');
  // The message does not repeat the first line: in a list without a line of names, that is an order.
  throw new CommandError(
    `The first line of the list names no column ${names}. Tell with --columns how it is called, and with --delimiter what separates the columns.`,
  );
}

function readOrder(text: (name: PartnerColumn) => string | null, place: string): PartnerOrder {
  const ridendineOrderId = text('ridendine_order_id');
  if (ridendineOrderId === null) throw new CommandError(`${place}: the id of the order is empty.`);
  const total = text('total');
  if (total !== null && !wholeNumber.safeParse(total).success) {
    throw new CommandError(`${place}: the total has to be a whole number of minor units, such as cents.`);
  }
  return {
    ridendineOrderId,
    externalOrderId: text('external_order_id')?.toLowerCase() ?? null,
    paymentSessionId: text('payment_session_id'),
    total: total === null ? null : Number(total),
    currency: text('currency')?.toUpperCase() ?? null,
    status: text('status'),
  };
}

const sandboxOrders = z.object({
  orders: z.array(
    z.object({
      ridendine_order_id: z.string(),
      payment_session_id: z.string(),
      external_order_id: z.string(),
      raw_body: z.string(),
    }),
  ),
});
const sentTotals = z.object({ totals: z.object({ total: z.number(), currency: z.string() }) });

const SANDBOX_TIMEOUT_MS = 30_000;

/** The orders of the sandbox. @throws {CommandError} it does not answer with them. */
export async function* readSandbox({ url, apiKey }: { url: string; apiKey: string }): AsyncGenerator<PartnerOrder> {
  const address = new URL('/sandbox/orders', url);
  const response = await fetch(address, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(SANDBOX_TIMEOUT_MS),
  }).catch(() => undefined);
  const { data } = sandboxOrders.safeParse(await response?.json().catch(() => undefined));
  if (data === undefined) {
    throw new CommandError(
      `No sandbox gives a list at ${address.href} (${response?.status ?? 'no answer'}): check RIDENDINE_BASE_URL and RIDENDINE_API_KEY.`,
    );
  }
  for (const order of data.orders) {
    const { totals } = sentTotals.parse(JSON.parse(order.raw_body));
    yield {
      ridendineOrderId: order.ridendine_order_id,
      externalOrderId: order.external_order_id,
      paymentSessionId: order.payment_session_id,
      total: totals.total,
      currency: totals.currency,
      status: null,
    };
  }
}
