import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import type { Partner } from '../integrations/partner.ts';
import { createCancelCheckout } from './cancel-checkout.ts';
import { createCorrectLink } from './correct-link.ts';
import type { LinkCorrectionActivities } from './correct-link.ts';
import { createContinueLostOrders } from './continue-lost-orders.ts';
import { createCreateOrderRecord } from './create-order-record.ts';
import { createCreateRideNDineOrder } from './create-ridendine-order.ts';
import { createMarkOrder } from './mark-order.ts';
import type { OrderCreationActivities } from './order-creation-activities.ts';
import { createOrderDeadlines } from './order-deadlines.ts';
import type { OrderDeadlineSettings } from './order-deadlines.ts';
import type { OrderSweepActivities } from './order-sweep-activities.ts';
import type { OrderRuns } from './order-runs.ts';
import { createRequestCancellation } from './request-cancellation.ts';
import { createSaveLinkIds } from './save-link-ids.ts';
import { withStepFailures } from './explained-failures.ts';
import { createStopPartnerAttempts } from './stop-partner-attempts.ts';
import { createSupportLinks } from './support-links.ts';
import type { SupportLinkSettings } from './support-links.ts';
import { createValidateCheckout } from './validate-checkout.ts';

export interface ActivityDependencies {
  orders: OrdersStore;
  runs: OrderRuns;
  partner: Partner;
  deadlines: OrderDeadlineSettings;
  links: SupportLinkSettings;
  /** For the calls to RideNDine, if they have one of their own. */
  partnerTaskQueue?: string | undefined;
}

/** The activities that a worker registers. */
export function createActivities({
  orders,
  runs,
  partner,
  deadlines,
  links,
  partnerTaskQueue,
}: ActivityDependencies): OrderCreationActivities & OrderSweepActivities & LinkCorrectionActivities {
  const linksTo = createSupportLinks(links);
  return {
    validateCheckout: withStepFailures(createValidateCheckout({ orders, runs, linksTo })),
    createOrderRecord: withStepFailures(
      createCreateOrderRecord({ orders, partner, deadlines: createOrderDeadlines(deadlines), partnerTaskQueue }),
    ),
    createRideNDineOrder: withStepFailures(createCreateRideNDineOrder({ partner, orders })),
    saveLinkIds: withStepFailures(createSaveLinkIds({ orders })),
    markOrder: withStepFailures(createMarkOrder({ orders, partner })),
    correctLink: withStepFailures(createCorrectLink({ orders })),
    cancelCheckout: withStepFailures(createCancelCheckout({ orders, runs, linksTo })),
    stopPartnerAttempts: withStepFailures(createStopPartnerAttempts({ runs })),
    requestCancellation: withStepFailures(createRequestCancellation({ runs })),
    continueLostOrders: withStepFailures(createContinueLostOrders({ orders, runs })),
  };
}
