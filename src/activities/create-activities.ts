import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import type { RideNDineClient } from '../integrations/ridendine/ridendine-client.ts';
import { createContinueLostOrders } from './continue-lost-orders.ts';
import type { OrderRuns } from './continue-lost-orders.ts';
import { createCreateOrderRecord } from './create-order-record.ts';
import { createCreateRideNDineOrder } from './create-ridendine-order.ts';
import { createMarkOrder } from './mark-order.ts';
import type { OrderCreationActivities } from './order-creation-activities.ts';
import { createOrderDeadlines } from './order-deadlines.ts';
import type { OrderDeadlineSettings } from './order-deadlines.ts';
import type { OrderSweepActivities } from './order-sweep-activities.ts';
import { createSaveLinkIds } from './save-link-ids.ts';
import { withoutUnexpectedErrors } from './unexpected-errors.ts';
import { createValidateCheckout } from './validate-checkout.ts';

export interface ActivityDependencies {
  orders: OrdersStore;
  runs: OrderRuns;
  ridendine: RideNDineClient;
  deadlines: OrderDeadlineSettings;
}

/** The activities that a worker registers. */
export function createActivities({
  orders,
  runs,
  ridendine,
  deadlines,
}: ActivityDependencies): OrderCreationActivities & OrderSweepActivities {
  return {
    validateCheckout: withoutUnexpectedErrors(createValidateCheckout({ orders })),
    createOrderRecord: withoutUnexpectedErrors(
      createCreateOrderRecord({ orders, deadlines: createOrderDeadlines(deadlines) }),
    ),
    createRideNDineOrder: withoutUnexpectedErrors(createCreateRideNDineOrder({ ridendine, orders })),
    saveLinkIds: withoutUnexpectedErrors(createSaveLinkIds({ orders })),
    markOrder: withoutUnexpectedErrors(createMarkOrder({ orders })),
    continueLostOrders: withoutUnexpectedErrors(createContinueLostOrders({ orders, runs })),
  };
}
