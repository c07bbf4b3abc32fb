import { validateCheckoutWith } from '../../src/activities/validate-checkout.ts';
import type { OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import { isContinuation } from '../../src/contract/runs.ts';
import type { OrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { newQuote } from './builders.ts';

/** The store has no other functions: `validateCheckout` calls only the two that are added below. */
const noStore = {} as OrdersStore;

/** The real `validateCheckout`, with a fitting quote and no earlier order: only a faulty request is refused. */
export const validateWithFittingQuote: OrderCreationActivities['validateCheckout'] = async (input) => {
  if (isContinuation(input)) throw new Error('Nobody continues an order here.');
  const validate = validateCheckoutWith({
    orders: { ...noStore, findOrderByKey: async () => null, findQuote: async () => newQuote(input) },
    runs: { findFailure: async () => null },
    linksTo: () => ({ order_page: 'https://directus.invalid/order', runbook: null }),
  });
  return await validate(input);
};
