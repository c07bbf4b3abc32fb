import type { OrderWorld } from '../support/order-world.ts';
import type { PlannedOrder } from './planned-order.ts';
import { readPartnerOrders } from './snapshot.ts';

const DECISION_TIMEOUT_MS = 10_000;

/** Plays the support staff of the chaos suite. */
export interface SupportDesk {
  /** Looks the order up at RideNDine and sends a decision. Never rejects: a customer who goes on asking calls again. */
  resolve(order: PlannedOrder): Promise<void>;
  /** How many decisions the runs accepted. */
  decisionCount(): number;
}

export function createSupportDesk(world: OrderWorld): SupportDesk {
  const { temporal } = world;
  const underWay = new Map<string, Promise<void>>();
  let decisions = 0;

  async function decide(order: PlannedOrder): Promise<void> {
    const partnerOrder = (await readPartnerOrders(world)).find(({ quote_id }) => quote_id === order.checkout.quote_id);
    const decision = decisionOn(order, partnerOrder);
    await temporal.withDeadline(Date.now() + DECISION_TIMEOUT_MS, () =>
      temporal.workflow
        .getHandle(`order-creation-${order.key}`)
        .executeUpdate('resolveReview', { args: [{ ...decision, actor: 'agent-7', reason: 'chaos' }] }),
    );
    decisions += 1;
  }

  return {
    decisionCount: () => decisions,
    resolve(order) {
      const { key } = order;
      const deciding =
        underWay.get(key) ??
        decide(order)
          // Temporal or the worker is down, or another decision came first. The customers go on asking.
          .catch(() => {})
          .finally(() => underWay.delete(key));
      underWay.set(key, deciding);
      return deciding;
    },
  };
}

function decisionOn(
  { isRefusedForGood, inReview }: PlannedOrder,
  partnerOrder: { ridendine_order_id: string; payment_session_id: string } | undefined,
) {
  if (partnerOrder === undefined) return { decision: isRefusedForGood ? 'abandon' : 'retry' };
  if (inReview === 'retry') return { decision: 'retry' };
  const { ridendine_order_id, payment_session_id } = partnerOrder;
  return { decision: 'link', ridendine_order_id, payment_session_id };
}
