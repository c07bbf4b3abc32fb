import { isDeepStrictEqual } from 'node:util';

// This check does not use the code that makes orders. It compares the plan with what the stores hold.

type Row = Record<string, unknown>;

/** What a checkout must lead to. */
export interface Expectation {
  /** Names the order in messages. */
  name: string;
  key: string;
  quote_id: string;
  customer_id: string;
  fulfillment_method: string;
  /** The items of the quote, as it was made. */
  items: Row[];
  totals: Row;
  outcomes: ('LINKED' | 'FAILED')[];
}

export type OrderRow = Row & { id: string; order_items: Row[] };

export interface PartnerOrder {
  external_order_id: string;
  quote_id: string;
  idempotency_key: string;
  ridendine_order_id: string;
  payment_session_id: string;
  raw_body: string;
}

/** How a request ended: with ids, with a refusal, or without a final answer when the customer gave up. */
export interface FinalAnswer {
  key: string;
  /** The HTTP status; `undefined` if there was no final answer. */
  status: number | undefined;
  ids?: Row;
}

/** Everything that the stores hold after the last answer. */
export interface Snapshot {
  expectations: Expectation[];
  /** All orders in Directus, as its administrator sees them. */
  orders: OrderRow[];
  /** All orders at RideNDine. */
  partnerOrders: PartnerOrder[];
  answers: FinalAnswer[];
  /** The latest run of each key that has one. */
  runs: { key: string; status: string }[];
}

export interface Violation {
  /** `lost`: missing. `doubled`: there more than once. `stuck`: not ended. `wrong`: differs from what it should be. */
  kind: 'lost' | 'doubled' | 'stuck' | 'wrong';
  /** Names the order. */
  sentence: string;
}

/** @returns all violations of the promise: each checkout has one order, as quoted, linked to one order at RideNDine. */
export function findViolations(snapshot: Snapshot): Violation[] {
  const { expectations, orders, partnerOrders } = snapshot;
  const known = new Set(expectations.map(({ key }) => key));
  return [
    ...expectations.flatMap((expectation) => violationsOfOrder(expectation, snapshot)),
    ...orders
      .filter((order) => !known.has(String(order['idempotency_key'])))
      .map((order) => violation('wrong', `order ${order.id} belongs to no checkout`)),
    ...partnerOrders
      .filter((partnerOrder) => !orders.some((order) => isLinkedTo(order, partnerOrder)))
      .map(({ ridendine_order_id, external_order_id }) =>
        violation('lost', `${ridendine_order_id} at RideNDine is linked to no order: it names ${external_order_id}`),
      ),
    ...repeated(partnerOrders.map(({ external_order_id }) => external_order_id)).map((id) =>
      violation('doubled', `order ${id} is at RideNDine more than once`),
    ),
  ];
}

function violationsOfOrder(expectation: Expectation, snapshot: Snapshot): Violation[] {
  const { name, key, quote_id, outcomes } = expectation;
  const orders = snapshot.orders.filter((order) => order['idempotency_key'] === key);
  const partnerOrders = snapshot.partnerOrders.filter((order) => order.quote_id === quote_id);
  const answers = snapshot.answers.filter((answer) => answer.key === key);
  const [order] = orders;
  const say = (kind: Violation['kind'], words: string) => violation(kind, `${name} (${key}) ${words}`);

  const found: Violation[] = [];
  if (orders.length > 1) found.push(say('doubled', `has ${orders.length} orders`));
  if (partnerOrders.length > 1) found.push(say('doubled', `has ${partnerOrders.length} orders at RideNDine`));
  const runs = snapshot.runs.filter((run) => run.key === key);
  if (runs.length === 0) found.push(say('lost', 'has no workflow'));
  for (const { status } of runs) {
    if (!['COMPLETED', 'FAILED'].includes(status)) found.push(say('stuck', `has a workflow that is ${status}`));
  }
  if (answers.length === 0) found.push(say('lost', 'has no request'));
  for (const answer of answers) {
    if (answer.status === undefined) found.push(say('stuck', 'has a request without a final answer'));
    else if (answer.status >= (outcomes.includes('FAILED') ? 500 : 300)) {
      found.push(say('wrong', `has a request that was answered ${answer.status}`));
    }
  }
  if (order === undefined) return [...found, say('lost', 'has no order')];

  const outcome = outcomeOf(order);
  if (outcome === undefined) {
    found.push(say('stuck', `is half done: ${String(order['status'])} with ids ${JSON.stringify(linkOf(order))}`));
  } else if (!outcomes.includes(outcome)) {
    found.push(say('lost', `is ${outcome} and should be ${outcomes.join(' or ')}`));
  }
  for (const { status, ids } of answers) {
    if (ids === undefined) continue;
    const stored = { order_id: order.id, ...linkOf(order) };
    if (!Object.entries(stored).every(([field, value]) => ids[field] === value)) {
      found.push(say('wrong', `was answered ${status} with other ids than are stored: ${JSON.stringify(ids)}`));
    }
  }
  return [
    ...found,
    ...faultsOfContent(order, expectation).map((words) => say('wrong', words)),
    ...faultsOfItems(order, expectation),
    ...partnerOrders.flatMap((partnerOrder) =>
      faultsOfPartnerOrder(order, partnerOrder, expectation).map((words) => say('wrong', words)),
    ),
  ];
}

function outcomeOf(order: OrderRow): 'LINKED' | 'FAILED' | undefined {
  const { ridendine_order_id, payment_session_id } = linkOf(order);
  const ids = [ridendine_order_id, payment_session_id].filter((id) => typeof id === 'string' && id !== '').length;
  if (order['status'] === 'PENDING_PAYMENT' && ids === 2) return 'LINKED';
  if (order['status'] === 'FAILED' && ids === 0) return 'FAILED';
  return undefined;
}

function linkOf({ ridendine_order_id, payment_session_id }: OrderRow) {
  return { ridendine_order_id, payment_session_id };
}

function faultsOfContent(order: OrderRow, expectation: Expectation): string[] {
  const isLive = order['status'] !== 'FAILED' && order['status'] !== 'CANCELLED';
  const expected = {
    payment_status: 'PENDING',
    quote_id: expectation.quote_id,
    active_quote_id: isLive ? expectation.quote_id : null,
    customer: expectation.customer_id,
    fulfillment_method: expectation.fulfillment_method,
    totals: expectation.totals,
    items_snapshot: expectation.items,
    workflow_id: `order-creation-${expectation.key}`,
  };
  const faults = Object.entries(expected)
    .filter(([field, value]) => !isSameJson(order[field], value))
    .map(([field]) => `differs in ${field} from what its quote and its status (${String(order['status'])}) demand`);
  if (isLive && order['failure_code'] !== null) faults.push('still has a failure_code');
  if (!isLive && typeof order['failure_code'] !== 'string') faults.push('does not say why it failed');
  return faults;
}

function faultsOfItems(order: OrderRow, { name, key, items }: Expectation): Violation[] {
  const stored = order.order_items
    .toSorted((a, b) => Number(a['sort']) - Number(b['sort']))
    .map((item) => ({ ...item, unit_price: Number(item['unit_price']) }));
  const say = (kind: Violation['kind'], words: string) => violation(kind, `${name} (${key}) ${words}`);
  if (stored.length < items.length) return [say('lost', `has ${stored.length} of ${items.length} items`)];
  if (stored.length > items.length) return [say('doubled', `has ${stored.length} items instead of ${items.length}`)];
  return stored.flatMap((item: Row, index) => {
    const line = items[index] ?? {};
    const isSame = ['menu_item_id', 'name', 'quantity', 'unit_price', 'options', 'note'].every((field) =>
      isSameJson(item[field], line[field]),
    );
    return isSame && item['sort'] === index + 1 ? [] : [say('wrong', `has another item ${index + 1} than the quote`)];
  });
}

function faultsOfPartnerOrder(order: OrderRow, partnerOrder: PartnerOrder, { items, totals }: Expectation): string[] {
  const faults: string[] = [];
  if (!isLinkedTo(order, partnerOrder)) faults.push('has other ids at RideNDine than in Directus');
  if (partnerOrder.idempotency_key !== `cooco_order_${order.id}`) faults.push('was sent with another idempotency key');
  if (partnerOrder.raw_body !== order['ridendine_request'])
    faults.push('was sent with a body that differs from the stored one');
  const body = JSON.parse(partnerOrder.raw_body) as Row;
  if (!isSameJson(body['totals'], totals)) faults.push('has other totals at RideNDine');
  if (!isSameJson(body['items'], items)) faults.push('has other items at RideNDine');
  return faults;
}

function isLinkedTo(order: OrderRow, { external_order_id, ridendine_order_id, payment_session_id }: PartnerOrder) {
  return (
    order.id === external_order_id &&
    order['ridendine_order_id'] === ridendine_order_id &&
    order['payment_session_id'] === payment_session_id
  );
}

/** Treats absent values as null. Compares the values as JSON, since different parsers make different objects. */
function isSameJson(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plainJson(a), plainJson(b));
}

function plainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

function repeated(values: string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

function violation(kind: Violation['kind'], sentence: string): Violation {
  return { kind, sentence };
}
