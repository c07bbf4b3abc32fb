import type { PartnerPause } from '../domain/partner-pause.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import type { Partner } from '../integrations/partner.ts';
import { cancelCheckoutWith } from './cancel-checkout.ts';
import { correctLinkWith } from './correct-link.ts';
import type { LinkCorrectionActivities } from './correct-link.ts';
import { continueLostOrdersWith } from './continue-lost-orders.ts';
import type { OrderSweepActivities } from './continue-lost-orders.ts';
import { createOrderRecordWith } from './create-order-record.ts';
import { createRideNDineOrderWith } from './create-ridendine-order.ts';
import { currentRun } from './current-run.ts';
import { decideOrderWith } from './decide-order.ts';
import type { BulkDecisionActivities } from './decide-order.ts';
import { markOrderWith } from './mark-order.ts';
import type { OrderCreationActivities } from './order-creation-activities.ts';
import type { OrderDeadlineSettings } from './order-deadlines.ts';
import type { OrderRuns } from './order-runs.ts';
import { waitWhilePausedWith } from './partner-pause.ts';
import { saveLinkIdsWith } from './save-link-ids.ts';
import { withAttempts, withExplainedFailures } from './explained-failures.ts';
import { stopPartnerAttemptsWith } from './stop-partner-attempts.ts';
import { createSupportLinks } from './support-links.ts';
import type { SupportLinkSettings } from './support-links.ts';
import { validateCheckoutWith } from './validate-checkout.ts';

export interface ActivityDependencies {
  orders: OrdersStore;
  runs: OrderRuns;
  partner: Partner;
  /** Tells whether calls to RideNDine are paused now. */
  pause: () => PartnerPause | null;
  deadlines: OrderDeadlineSettings;
  links: SupportLinkSettings;
  /** Task queue of the calls to RideNDine, if they have their own. */
  partnerTaskQueue?: string | undefined;
}

/** The activities that a worker registers. */
export function createActivities({
  orders,
  runs,
  partner,
  pause,
  deadlines,
  links,
  partnerTaskQueue,
}: ActivityDependencies): OrderCreationActivities &
  OrderSweepActivities &
  LinkCorrectionActivities &
  BulkDecisionActivities {
  const linksTo = createSupportLinks(links);
  // Before an order exists, a definite refusal of Directus ends the step. After that, giving up would lose the order.
  return {
    validateCheckout: withExplainedFailures(withAttempts(validateCheckoutWith({ orders, runs, linksTo })), 'give-up'),
    createOrderRecord: withExplainedFailures(
      withAttempts(createOrderRecordWith({ orders, partner, deadlines, partnerTaskQueue })),
      'give-up',
    ),
    createRideNDineOrder: withExplainedFailures(withAttempts(createRideNDineOrderWith({ partner, orders, pause }))),
    waitWhilePaused: withExplainedFailures(waitWhilePausedWith({ pause })),
    saveLinkIds: withExplainedFailures(withAttempts(saveLinkIdsWith({ orders }))),
    markOrder: withExplainedFailures(markOrderWith({ orders, partner })),
    correctLink: withExplainedFailures(correctLinkWith({ orders })),
    cancelCheckout: withExplainedFailures(cancelCheckoutWith({ orders, runs, linksTo })),
    stopPartnerAttempts: withExplainedFailures(stopPartnerAttemptsWith({ runs })),
    requestCancellation: withExplainedFailures(() => runs.requestCancellation(currentRun())),
    decideOrder: withExplainedFailures(decideOrderWith({ runs })),
    continueLostOrders: withExplainedFailures(continueLostOrdersWith({ orders, runs })),
  };
}
