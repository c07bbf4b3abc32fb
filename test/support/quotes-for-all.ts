import { validateCheckoutWith } from '../../src/activities/validate-checkout.ts';
import type { OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import { isContinuation } from '../../src/contract/runs.ts';
import type { OrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { newQuote } from './builders.ts';

/** Nothing else of it is asked. */
const noStore = {} as OrdersStore;

/** The real rules of a checkout, with a quote that fits whoever asks and no order before: what is refused is the request. */
export const validateWithFittingQuote: OrderCreationActivities['validateCheckout'] = async (input) => {
  if (isContinuation(input)) throw new Error('Nobody continues an order here.');
  const validate = validateCheckoutWith({
    orders: { ...noStore, findOrderByKey: async () => null, findQuote: async () => newQuote(input) },
    runs: { findFailure: async () => null },
    linksTo: () => ({ order_page: 'https://directus.invalid/order', runbook: null }),
  });
  return await validate(input);
};
