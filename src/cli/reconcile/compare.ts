import { hasEnded } from '../../domain/order.ts';
import { spokenAmount } from '../../domain/spoken-amount.ts';
import type { ListedOrder, OrderList } from '../../integrations/directus/order-list.ts';
import type { PartnerLedger, PartnerOrder } from './partner-ledger.ts';

/** The ways in which RideNDine and Directus disagree, each with what to do about it. */
export const findingKinds = {
  'missing at RideNDine':
    'Ask RideNDine for the order by both ids. If they never had it, the customer cannot be served.',
  'missing here': 'Ask RideNDine who ordered it. If it is ours, look for its external_order_id in the Temporal UI.',
  'not linked here':
    'In review: decide "link" with these ids. Else it is linked by itself within minutes; if not, call whoever runs order creation.',
  'ended here': 'They carry out an order that has ended here. Have them cancel it, and see to the payment.',
  'cancelled there': 'They have cancelled an order that is live here. Tell the customer, and end the order here.',
  'other ids': 'Compare with RideNDine, and correct the link: npm run review -- correct-link.',
  'other total': 'Ask RideNDine what the customer was charged. The amount here is that of the quote.',
  'ordered twice': 'They have several orders for one of ours. Have them cancel all but the one that is linked.',
} as const;
export type FindingKind = keyof typeof findingKinds;

export interface Finding {
  kind: FindingKind;
  /** The id of our order, if there is one. */
  order_id?: string;
  ridendine_order_id?: string;
  /** What Directus has (`here`), and what RideNDine has (`there`). */
  here?: string;
  there?: string;
}

export interface Comparison {
  ledger: PartnerLedger;
  orders: OrderList;
  /** Our orders that were made in this period are looked for in RideNDine's list. */
  time: { since?: Date; before?: Date };
  /** Whether this status of RideNDine says that the order will not be carried out. */
  isCancelled: (partnerStatus: string) => boolean;
  /** Called with the number of our orders of each page. */
  onPage?: (orders: number) => void;
}

/** How many of RideNDine's orders one request looks for in Directus. */
const LOOKED_UP_AT_ONCE = 100;

/** Compares both lists, order by order. It changes nothing, and keeps only a page of each list in memory. */
export async function* compare(comparison: Comparison): AsyncGenerator<Finding> {
  const { ledger, orders, time, isCancelled, onPage = () => {} } = comparison;
  for await (const page of orders.pages(time)) {
    for (const order of page) {
      // An order that has changed since the list was made may have been linked since, and then is not in the list.
      const isWhole = time.before === undefined || new Date(order.changedAt) < time.before;
      yield* differences(order, ledger.take(order), { isCancelled, isWhole });
    }
    onPage(page.length);
  }
  for (const page of ledger.unseen(LOOKED_UP_AT_ONCE)) {
    // Orders that we have, but that were made outside of the period.
    const others = await orders.find({
      ids: page.flatMap(({ externalOrderId }) => (isUuid(externalOrderId) ? [externalOrderId] : [])),
      ridendineOrderIds: page.map(({ ridendineOrderId }) => ridendineOrderId),
    });
    for (const there of page) {
      const here = others.filter(
        ({ id, ridendineOrderId }) => ridendineOrderId === there.ridendineOrderId || id === there.externalOrderId,
      );
      for (const order of here) yield* differences(order, [there], { isCancelled, isWhole: false });
      if (here.length === 0 && !(there.status !== null && isCancelled(there.status))) {
        yield {
          kind: 'missing here',
          ridendine_order_id: there.ridendineOrderId,
          ...(there.externalOrderId !== null && { there: there.externalOrderId }),
        };
      }
    }
  }
}

/** @param options.isWhole whether `there` is all that RideNDine has of the order. */
function* differences(
  here: ListedOrder,
  there: PartnerOrder[],
  { isCancelled, isWhole }: { isCancelled: Comparison['isCancelled']; isWhole: boolean },
): Generator<Finding> {
  const { id: order_id, status, ridendineOrderId } = here;
  const live = there.filter((one) => one.status === null || !isCancelled(one.status));
  const linked = there.find((one) => one.ridendineOrderId === ridendineOrderId);
  if (ridendineOrderId !== null && isWhole && there.length === 0) {
    yield { kind: 'missing at RideNDine', order_id, ridendine_order_id: ridendineOrderId, here: status };
    return;
  }
  if (live.length > 1) {
    yield { kind: 'ordered twice', order_id, there: live.map((one) => one.ridendineOrderId).join(', ') };
  }
  for (const one of live) {
    const found = { order_id, ridendine_order_id: one.ridendineOrderId };
    if (hasEnded(status)) yield { kind: 'ended here', ...found, here: status, ...told(one.status) };
    else if (ridendineOrderId === null) yield { kind: 'not linked here', ...found, here: status };
  }
  if (ridendineOrderId !== null && linked === undefined && live[0]) {
    yield { kind: 'other ids', order_id, here: ridendineOrderId, there: live[0].ridendineOrderId };
  }
  if (linked === undefined) return;
  const found = { order_id, ridendine_order_id: linked.ridendineOrderId };
  if (linked.externalOrderId !== null && linked.externalOrderId !== order_id) {
    yield { kind: 'other ids', ...found, here: order_id, there: linked.externalOrderId };
  } else if (linked.paymentSessionId !== null && linked.paymentSessionId !== here.paymentSessionId) {
    yield { kind: 'other ids', ...found, here: here.paymentSessionId ?? 'none', there: linked.paymentSessionId };
  }
  if (linked.status !== null && isCancelled(linked.status) && !hasEnded(status)) {
    yield { kind: 'cancelled there', ...found, here: status, there: linked.status };
  }
  if (linked.total !== null && here.total !== null) {
    const currency = linked.currency ?? here.currency;
    if (linked.total !== here.total || currency !== here.currency) {
      yield {
        kind: 'other total',
        ...found,
        here: amount(here.total, here.currency),
        there: amount(linked.total, currency),
      };
    }
  }
}

function told(status: string | null): { there?: string } {
  return status === null ? {} : { there: status };
}

function amount(minorUnits: number, currency: string | null): string {
  return currency !== null && /^[A-Z]{3}$/.test(currency) ? spokenAmount(minorUnits, currency) : String(minorUnits);
}

function isUuid(id: string | null): id is string {
  return id !== null && /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(id);
}
