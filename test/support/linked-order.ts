import { randomUUID } from 'node:crypto';
import type { OrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { newCheckout, newCheckoutRequest } from './builders.ts';
import type { PreparedDirectus } from './prepared-directus.ts';

/** Writes and links an order as the product does. The benchmark's `storeOrders` makes copies of it. */
export async function writeLinkedOrder(
  directus: PreparedDirectus,
  store: OrdersStore,
): Promise<{ id: string; quoteId: string }> {
  const request = newCheckoutRequest();
  await directus.addQuote(request);
  const [quote] = await directus.rows('quotes', { id: { _eq: request.quote_id } });
  const id = randomUUID();
  const customer = { id: request.customer_id, name: 'Customer One', phone: '+1 555 0100', email: 'one@example.com' };
  const checkout = newCheckout({ quote_id: request.quote_id, store_id: String(quote?.['store']), customer });
  await store.createOrder({
    id,
    itemIds: checkout.items.map(() => randomUUID()),
    request,
    fingerprint: 'fingerprint',
    checkout,
    ridendineRequest: JSON.stringify({ external_order_id: id }),
    workflowId: `order-creation-${request.idempotency_key}`,
    runId: 'run-1',
  });
  await store.saveLink(id, { ridendine_order_id: 'rnd_model', payment_session_id: 'ps_model' });
  return { id, quoteId: request.quote_id };
}
