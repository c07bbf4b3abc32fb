import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import type { RideNDineClient } from '../integrations/ridendine/ridendine-client.ts';
import { createCreateOrderRecord } from './create-order-record.ts';
import { createCreateRideNDineOrder } from './create-ridendine-order.ts';
import { createMarkOrder } from './mark-order.ts';
import type { OrderCreationActivities } from './order-creation-activities.ts';
import { createPartnerDeadlines } from './partner-deadlines.ts';
import type { PartnerDeadlineSettings } from './partner-deadlines.ts';
import { createSaveLinkIds } from './save-link-ids.ts';
import { createValidateCheckout } from './validate-checkout.ts';

export interface ActivityDependencies {
  orders: OrdersStore;
  ridendine: RideNDineClient;
  deadlines: PartnerDeadlineSettings;
}

/** The activities that a worker registers. */
export function createActivities({ orders, ridendine, deadlines }: ActivityDependencies): OrderCreationActivities {
  return {
    validateCheckout: createValidateCheckout({ orders }),
    createOrderRecord: createCreateOrderRecord({ orders, deadlines: createPartnerDeadlines(deadlines) }),
    createRideNDineOrder: createCreateRideNDineOrder({ ridendine }),
    saveLinkIds: createSaveLinkIds({ orders }),
    markOrder: createMarkOrder({ orders }),
  };
}
