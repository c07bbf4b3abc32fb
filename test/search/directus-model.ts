import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { collections, orderFields, orderItemFields, quoteFields } from '../../src/integrations/directus/collections.ts';
import { connectionRefused, connectionReset, createLateRequests } from './doubtful-requests.ts';

export type Row = Record<string, unknown>;

/**
 * What happens to one request to Directus:
 * - `unavailable` (503), `rejected` (400), `limited` (429), `unauthorized` (401), `page` (an HTML 502), `notSent`,
 *   `timeout`: nothing is written;
 * - `lost`: the row is written, and the answer is lost; `late`: the row is written after the caller has given up;
 * - `raced`: another request comes between reading the rows of a change and writing them;
 * - `lagging`: the next number of one of Directus' own tables is taken already, and nothing is written;
 * - `diesBefore`, `diesAfter`: the worker dies before or after the request is carried out.
 */
export const directusOutcomes = [
  'ok',
  'unavailable',
  'rejected',
  'limited',
  'unauthorized',
  'page',
  'notSent',
  'timeout',
  'lost',
  'late',
  'raced',
  'lagging',
  'diesBefore',
  'diesAfter',
] as const;
export type DirectusOutcome = (typeof directusOutcomes)[number];
export type DirectusRequestKind = 'read' | 'insert' | 'update';

const withoutEffect: Record<DirectusRequestKind, DirectusOutcome[]> = {
  read: ['raced', 'lagging', 'late'],
  insert: ['raced'],
  update: [],
};

/** The outcomes that make a difference to a request of this kind, `ok` first. */
export function outcomesOf(kind: DirectusRequestKind): [DirectusOutcome, ...DirectusOutcome[]] {
  const [ok, ...others] = directusOutcomes;
  return [ok, ...others.filter((outcome) => !withoutEffect[kind].includes(outcome))];
}

/** The time between the reading and the writing of a change that is raced. */
const GAP_MS = 60;

export interface DirectusModel {
  /** The function with which the worker calls Directus. */
  fetch: typeof globalThis.fetch;
  add(collection: string, row: Row): void;
  /** All rows of `orders`, without their lines. */
  orders(): Row[];
  /** Changes one of {@link orders}, as a later phase or a person does. */
  change(order: Row, change: Row): void;
  /** Waits until the late requests are carried out. */
  settled(): Promise<void>;
}

/**
 * The part of Directus that creates orders, in memory. It keeps the promises of Directus' documents and no others:
 * unique columns, one transaction for an order and its lines, and changes by a filter that read their rows before they
 * write them. `test/search/models.test.ts` compares it with a real Directus.
 *
 * @param outcomeOf decides what happens to a request.
 * @param die ends the attempt that makes the request, as if its worker were gone.
 */
export function createDirectusModel({
  outcomeOf,
  die,
  onOrders = () => {},
}: {
  outcomeOf: (kind: DirectusRequestKind) => DirectusOutcome;
  die: () => Promise<never>;
  /** Called after each write, with all orders. */
  onOrders?: (orders: Row[]) => void;
}): DirectusModel {
  const tables = new Map<string, Row[]>(Object.values(collections).map((name) => [name, []]));
  const table = (name: string) => {
    const rows = tables.get(name);
    if (!rows) throw new Error(`There is no collection ${name}.`);
    return rows;
  };
  const late = createLateRequests();
  const find = (name: string, id: unknown) => table(name).find((row) => row['id'] === id) ?? null;

  function insertOrder(row: Row): Response | Row {
    const { [orderFields.orderItems]: lines, ...own } = row;
    const items = ((lines as { create?: Row[] } | undefined)?.create ?? []).map((item) => ({ ...item }));
    const customer = own[orderFields.customer] ?? null;
    if (customer !== null && find(collections.customers, customer) === null) {
      return problem(400, 'INVALID_FOREIGN_KEY', { collection: collections.orders, field: orderFields.customer });
    }
    const complete: Row = {
      ...Object.fromEntries(
        Object.values(orderFields)
          .filter((field) => field !== orderFields.orderItems)
          .map((field) => [field, null]),
      ),
      ...own,
      [orderFields.dateCreated]: new Date().toISOString(),
    };
    const taken = takenField(complete);
    if (taken !== undefined) return notUnique(collections.orders, taken);
    table(collections.orders).push(complete);
    table(collections.orderItems).push(...items.map((item) => ({ ...item, [orderItemFields.order]: complete['id'] })));
    onOrders(table(collections.orders));
    return complete;
  }

  /** @returns a unique column of `row` whose value another row has already. */
  function takenField(row: Row, own?: Row): string | undefined {
    const others = table(collections.orders).filter((other) => other !== own);
    return uniqueOrderFields.find((field) => row[field] != null && others.some((other) => other[field] === row[field]));
  }

  function updateOrders(rows: Row[], change: Row): Response | Row[] {
    // All or nothing: a change is one transaction.
    for (const row of rows) {
      const taken = takenField({ ...row, ...change }, row);
      if (taken !== undefined) return notUnique(collections.orders, taken);
    }
    for (const row of rows) Object.assign(row, change, { [orderFields.dateUpdated]: new Date().toISOString() });
    if (rows.length > 0) onOrders(table(collections.orders));
    return rows;
  }

  async function carryOut(request: ModelRequest, isRaced: boolean): Promise<Response> {
    const { method, collection, params, body } = request;
    const fields = (params.get('fields') ?? '*').split(',');
    if (method === 'GET') {
      const rows = select(table(collection), params);
      return answer(rows.map((row) => shown(expanded(collection, row), fields)));
    }
    if (method === 'POST') {
      const inserted = insertOrder(structuredClone(body));
      return inserted instanceof Response ? inserted : answer(shown(inserted, fields));
    }
    const { query, data } = body as { query: { filter: Row }; data: Row };
    const rows = table(collection).filter((row) => matches(row, query.filter));
    if (isRaced) await delay(GAP_MS);
    const updated = updateOrders(rows, structuredClone(data));
    return updated instanceof Response ? updated : answer(updated.map((row) => shown(row, fields)));
  }

  function expanded(collection: string, row: Row): Row {
    if (collection !== collections.quotes) return row;
    return {
      ...row,
      [quoteFields.store]: find(collections.stores, row[quoteFields.store]),
      [quoteFields.customer]: find(collections.customers, row[quoteFields.customer]),
    };
  }

  return {
    async fetch(input, init) {
      const request = readRequest(input, init);
      const kind = ({ GET: 'read', POST: 'insert', PATCH: 'update' } as const)[request.method];
      const outcome = outcomeOf(kind);
      switch (outcome) {
        case 'ok':
        case 'raced':
          return await carryOut(request, outcome === 'raced');
        case 'unavailable':
          return problem(503, 'SERVICE_UNAVAILABLE');
        case 'rejected':
          return problem(400, 'INVALID_PAYLOAD');
        case 'limited':
          return problem(429, 'REQUESTS_EXCEEDED', {}, { 'retry-after': '1' });
        case 'unauthorized':
          return problem(401, 'INVALID_CREDENTIALS');
        case 'page':
          return new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } });
        case 'lagging':
          return notUnique('directus_activity', 'id');
        case 'notSent':
          throw connectionRefused();
        case 'timeout':
          throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
        case 'lost':
          await carryOut(request, false);
          throw connectionReset();
        case 'late':
          late.begin(() => carryOut(request, false));
          throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
        case 'diesBefore':
          return await die();
        case 'diesAfter':
          await carryOut(request, false);
          return await die();
      }
    },
    add: (collection, row) => void table(collection).push({ id: randomUUID(), ...row }),
    orders: () => table(collections.orders),
    change(order, change) {
      const changed = updateOrders([order], change);
      if (changed instanceof Response) throw new Error('The change is against a unique column.');
    },
    settled: () => late.settled(),
  };
}

const uniqueOrderFields = [
  orderFields.id,
  orderFields.idempotencyKey,
  orderFields.activeQuoteId,
  orderFields.ridendineOrderId,
] as const;

interface ModelRequest {
  method: 'GET' | 'POST' | 'PATCH';
  collection: string;
  params: URLSearchParams;
  body: Row;
}

function readRequest(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): ModelRequest {
  const url = new URL(input instanceof Request ? input.url : input);
  const collection = /^\/items\/(\w+)$/.exec(url.pathname)?.[1];
  const method = init?.method ?? 'GET';
  if (collection === undefined || (method !== 'GET' && method !== 'POST' && method !== 'PATCH')) {
    throw new Error(`The model of Directus does not know ${method} ${url.pathname}.`);
  }
  return {
    method,
    collection,
    params: url.searchParams,
    body: JSON.parse(typeof init?.body === 'string' ? init.body : '{}') as Row,
  };
}

function select(rows: Row[], params: URLSearchParams): Row[] {
  const filter = JSON.parse(params.get('filter') ?? '{}') as Row;
  const sort = params.get('sort')?.split(',') ?? [];
  const offset = Number(params.get('offset') ?? 0);
  const limit = params.get('limit');
  const found = rows.filter((row) => matches(row, filter)).toSorted((a, b) => compare(a, b, sort));
  return found.slice(offset, limit === null ? undefined : offset + Number(limit));
}

function compare(a: Row, b: Row, sort: string[]): number {
  for (const entry of sort) {
    const field = entry.replace(/^-/, '');
    const [left, right] = [String(a[field]), String(b[field])];
    if (left !== right) return (left < right ? -1 : 1) * (entry.startsWith('-') ? -1 : 1);
  }
  return 0;
}

/** Whether the row matches the filter. As in the database, a comparison with null finds nothing. */
function matches(row: Row, filter: Row): boolean {
  return Object.entries(filter).every(([field, condition]) => {
    if (field === '_or') return (condition as Row[]).some((one) => matches(row, one));
    if (field === '_and') return (condition as Row[]).every((one) => matches(row, one));
    const counted = /^count\((\w+)\)$/.exec(field)?.[1];
    const value = counted === undefined ? (row[field] ?? null) : lengthOf(row[counted]);
    return Object.entries(condition as Row).every(([operator, operand]) => holds(value, operator, operand));
  });
}

function lengthOf(value: unknown): number | null {
  return Array.isArray(value) ? value.length : null;
}

function holds(value: unknown, operator: string, operand: unknown): boolean {
  switch (operator) {
    case '_null':
      return (value === null) === operand;
    case '_nnull':
      return (value !== null) === operand;
    case '_eq':
      return value !== null && value === operand;
    case '_neq':
      return value !== null && value !== operand;
    case '_in':
      return value !== null && (operand as unknown[]).includes(value);
    case '_nin':
      return value !== null && !(operand as unknown[]).includes(value);
    case '_lt':
      return typeof value === 'string' && typeof operand === 'string' && value < operand;
    default:
      throw new Error(`The model of Directus does not know the operator ${operator}.`);
  }
}

function shown(row: Row, fields: string[]): Row {
  if (fields.includes('*')) return row;
  const result: Row = {};
  for (const field of fields) {
    const [name = '', ...rest] = field.split('.');
    if (rest.length === 0) result[name] = row[name] ?? null;
    else {
      const related = row[name] as Row | null;
      result[name] = related && { ...(result[name] as Row | undefined), ...shown(related, [rest.join('.')]) };
    }
  }
  return result;
}

function answer(data: unknown): Response {
  return Response.json({ data }, { headers: { 'content-type': 'application/json; charset=utf-8' } });
}

function notUnique(collection: string, field: string): Response {
  return problem(400, 'RECORD_NOT_UNIQUE', { collection, field });
}

function problem(status: number, code: string, extensions: Row = {}, headers: Record<string, string> = {}): Response {
  const errors = [{ message: 'The model of Directus refuses.', extensions: { code, ...extensions } }];
  return Response.json({ errors }, { status, headers });
}
