import { describe, expect, it } from '@jest/globals';
import { findViolations } from './check.ts';
import type { FinalAnswer, Snapshot } from './check.ts';

const ids = { order_id: 'order-1', ridendine_order_id: 'rnd-1', payment_session_id: 'ps-1' };

/** Two sound orders, one linked and one refused. Any violation that is found later comes from the test's corruption. */
function soundState() {
  const items = [
    { menu_item_id: 'dish-1', name: 'First dish', quantity: 2, unit_price: 450, note: 'No salt.' },
    { menu_item_id: 'dish-2', name: 'Second dish', quantity: 1, unit_price: 100, options: ['large'] },
  ];
  const totals = { currency: 'USD', subtotal: 1000, total: 1300 };
  const body = JSON.stringify({ external_order_id: 'order-1', items, totals });
  const expectation = (number: number) => ({
    name: `checkout ${number}`,
    key: `key-${number}`,
    quote_id: `quote-${number}`,
    customer_id: `customer-${number}`,
    fulfillment_method: 'PICKUP',
    items,
    totals,
  });
  const order = (number: number) => ({
    id: `order-${number}`,
    idempotency_key: `key-${number}`,
    workflow_id: `order-creation-key-${number}`,
    quote_id: `quote-${number}`,
    customer: `customer-${number}`,
    payment_status: 'PENDING',
    fulfillment_method: 'PICKUP',
    items_snapshot: structuredClone(items),
    totals: structuredClone(totals),
    ridendine_request: body,
    order_items: items.map((line, index) => ({
      sort: index + 1,
      options: null,
      note: null,
      ...line,
      unit_price: String(line.unit_price),
    })),
  });
  const linked = {
    ...order(1),
    status: 'PENDING_PAYMENT',
    active_quote_id: 'quote-1' as string | null,
    ridendine_order_id: 'rnd-1' as string | null,
    payment_session_id: 'ps-1' as string | null,
    failure_code: null as string | null,
  };
  const failed = {
    ...order(2),
    status: 'FAILED',
    active_quote_id: null as string | null,
    ridendine_order_id: null,
    payment_session_id: null,
    failure_code: 'RideNDineRejected',
  };
  const partnerOrder = {
    external_order_id: 'order-1',
    quote_id: 'quote-1',
    idempotency_key: 'cooco_order_order-1',
    ridendine_order_id: 'rnd-1',
    payment_session_id: 'ps-1',
    raw_body: body,
  };
  const answers: FinalAnswer[] = [
    { key: 'key-1', status: 201, ids },
    { key: 'key-1', status: 200, ids },
    { key: 'key-2', status: 422 },
  ];
  const snapshot = {
    expectations: [
      { ...expectation(1), outcomes: ['LINKED' as const] },
      { ...expectation(2), outcomes: ['FAILED' as const, 'LINKED' as const] },
    ],
    orders: [linked, failed],
    partnerOrders: [partnerOrder],
    answers,
    runs: [
      { key: 'key-1', status: 'COMPLETED' },
      { key: 'key-2', status: 'FAILED' },
    ],
  } satisfies Snapshot;
  return { snapshot, linked, failed, partnerOrder, body };
}

type State = ReturnType<typeof soundState>;

describe('the check of a state', () => {
  it('finds nothing wrong with a sound one', () => {
    expect(findViolations(soundState().snapshot)).toEqual([]);
  });

  it.each<[string, string, (state: State) => void]>([
    ['an order that is missing', 'lost: checkout 2 (key-2) has no order', ({ snapshot }) => snapshot.orders.pop()],
    [
      'two orders for a key',
      'doubled: checkout 1 (key-1) has 2 orders',
      ({ snapshot, linked }) => snapshot.orders.push({ ...linked, id: 'order-3' }),
    ],
    [
      'a second order at RideNDine for one of ours',
      'doubled: order order-1 is at RideNDine more than once',
      ({ snapshot, partnerOrder }) => snapshot.partnerOrders.push({ ...partnerOrder, quote_id: 'another' }),
    ],
    [
      'a second order at RideNDine for the quote',
      'doubled: checkout 1 (key-1) has 2 orders at RideNDine',
      ({ snapshot, partnerOrder }) => snapshot.partnerOrders.push({ ...partnerOrder, external_order_id: 'order-3' }),
    ],
    [
      'an order at RideNDine that none of ours is linked to',
      'lost: rnd-3 at RideNDine is linked to no order: it names order-2',
      ({ snapshot, partnerOrder }) =>
        snapshot.partnerOrders.push({
          ...partnerOrder,
          external_order_id: 'order-2',
          quote_id: 'quote-2',
          ridendine_order_id: 'rnd-3',
        }),
    ],
    [
      'an order that belongs to no checkout',
      'wrong: order order-3 belongs to no checkout',
      ({ snapshot, failed }) => snapshot.orders.push({ ...failed, id: 'order-3', idempotency_key: 'key-3' }),
    ],
    [
      'a RideNDine order id that is not the same on both sides',
      'wrong: checkout 1 (key-1) has other ids at RideNDine than in Directus',
      ({ linked }) => (linked.ridendine_order_id = 'rnd-9'),
    ],
    [
      'a payment session that is not the same on both sides',
      'wrong: checkout 1 (key-1) has other ids at RideNDine than in Directus',
      ({ partnerOrder }) => (partnerOrder.payment_session_id = 'ps-9'),
    ],
    ['an item that is missing', 'lost: checkout 1 (key-1) has 1 of 2 items', ({ linked }) => linked.order_items.pop()],
    [
      'an item that is there twice',
      'doubled: checkout 1 (key-1) has 3 items instead of 2',
      ({ linked }) => linked.order_items.push(...linked.order_items.slice(0, 1)),
    ],
    [
      'an item that is not the quote’s',
      'wrong: checkout 1 (key-1) has another item 2 than the quote',
      ({ linked }) => Object.assign(linked.order_items[1] ?? {}, { quantity: 7 }),
    ],
    [
      'totals that have changed',
      'wrong: checkout 1 (key-1) differs in totals from what its quote and its status (PENDING_PAYMENT) demand',
      ({ linked }) => (linked.totals.total = 1),
    ],
    [
      'totals that RideNDine got otherwise',
      'wrong: checkout 1 (key-1) has other totals at RideNDine',
      ({ linked, partnerOrder, body }) => {
        partnerOrder.raw_body = body.replace('1300', '1301');
        linked.ridendine_request = partnerOrder.raw_body;
      },
    ],
    [
      'a snapshot of the items that has changed',
      'wrong: checkout 1 (key-1) differs in items_snapshot from what its quote and its status (PENDING_PAYMENT) demand',
      ({ linked }) => linked.items_snapshot.pop(),
    ],
    [
      'a live order that does not hold its quote',
      'wrong: checkout 1 (key-1) differs in active_quote_id from what its quote and its status (PENDING_PAYMENT) demand',
      ({ linked }) => (linked.active_quote_id = null),
    ],
    [
      'a failed order that still holds its quote',
      'wrong: checkout 2 (key-2) differs in active_quote_id from what its quote and its status (FAILED) demand',
      ({ failed }) => (failed.active_quote_id = 'quote-2'),
    ],
    [
      'a row that is linked by half',
      'stuck: checkout 1 (key-1) is half done: PENDING_PAYMENT with ids {"ridendine_order_id":"rnd-1","payment_session_id":null}',
      ({ linked }) => (linked.payment_session_id = null),
    ],
    [
      'an order that was left without ids',
      'stuck: checkout 1 (key-1) is half done: PENDING_PAYMENT with ids {"ridendine_order_id":null,"payment_session_id":null}',
      ({ linked }) => Object.assign(linked, { ridendine_order_id: null, payment_session_id: null }),
    ],
    [
      'an order that waits for support staff',
      'stuck: checkout 2 (key-2) is half done: NEEDS_REVIEW with ids {"ridendine_order_id":null,"payment_session_id":null}',
      ({ failed }) => (failed.status = 'NEEDS_REVIEW'),
    ],
    [
      'an order that failed without a reason to',
      'lost: checkout 1 (key-1) is FAILED and should be LINKED',
      ({ linked }) => Object.assign(linked, { status: 'FAILED', ridendine_order_id: null, payment_session_id: null }),
    ],
    [
      'a linked order that tells of a failure',
      'wrong: checkout 1 (key-1) still has a failure_code',
      ({ linked }) => (linked.failure_code = 'RideNDineRejected'),
    ],
    [
      'an answer with other ids than are stored',
      'wrong: checkout 1 (key-1) was answered 201 with other ids than are stored: {"order_id":"order-1","ridendine_order_id":"rnd-1","payment_session_id":"ps-9"}',
      ({ snapshot }) =>
        (snapshot.answers[0] = { key: 'key-1', status: 201, ids: { ...ids, payment_session_id: 'ps-9' } }),
    ],
    [
      'a request that never got its answer',
      'stuck: checkout 1 (key-1) has a request without a final answer',
      ({ snapshot }) => (snapshot.answers[0] = { key: 'key-1', status: undefined, ids }),
    ],
    [
      'a request that found a bug',
      'wrong: checkout 1 (key-1) has a request that was answered 500',
      ({ snapshot }) => (snapshot.answers[0] = { key: 'key-1', status: 500, ids }),
    ],
    [
      'a request that was refused though there is no reason to',
      'wrong: checkout 1 (key-1) has a request that was answered 422',
      ({ snapshot }) => (snapshot.answers[0] = { key: 'key-1', status: 422 }),
    ],
    [
      'a body that RideNDine got otherwise than it was stored',
      'wrong: checkout 1 (key-1) was sent with a body that differs from the stored one',
      ({ linked }) => (linked.ridendine_request += ' '),
    ],
    [
      'a body that was sent with another idempotency key',
      'wrong: checkout 1 (key-1) was sent with another idempotency key',
      ({ partnerOrder }) => (partnerOrder.idempotency_key = 'cooco_order_order-2'),
    ],
    [
      'a workflow that is still open',
      'stuck: checkout 1 (key-1) has a workflow that is RUNNING',
      ({ snapshot }) => (snapshot.runs[0] = { key: 'key-1', status: 'RUNNING' }),
    ],
    [
      'a checkout without a workflow',
      'lost: checkout 2 (key-2) has no workflow',
      ({ snapshot }) => snapshot.runs.pop(),
    ],
  ])('reports %s', (_what, report, corrupt) => {
    const state = soundState();

    corrupt(state);

    const reports = findViolations(state.snapshot).map(({ kind, sentence }) => `${kind}: ${sentence}`);
    expect(reports).toContain(report);
  });
});
