// A handler without Temporal, as a process of its own: node plain-handler.ts, with the settings below.
import fastify from 'fastify';
import { newOrder } from '../src/activities/new-order.ts';
import { checkoutRequestSchema } from '../src/domain/checkout-request.ts';
import { checkCheckout } from '../src/domain/checkout.ts';
import { resultOf } from '../src/domain/order.ts';
import { connectDirectus } from '../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../src/integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../src/integrations/ridendine/ridendine-client.ts';
import { setting } from '../stack/setting.ts';

const TIMEOUT_MS = 15_000;

const orders = createOrdersStore(
  connectDirectus({ url: setting('DIRECTUS_URL'), token: setting('DIRECTUS_TOKEN'), timeoutMs: TIMEOUT_MS }),
);
const ridendine = createRideNDineClient({
  baseUrl: setting('RIDENDINE_BASE_URL'),
  apiKey: setting('RIDENDINE_API_KEY'),
  timeoutMs: TIMEOUT_MS,
});

const app = fastify();
app.get('/healthz', () => ({ status: 'ok' }));

/**
 * Makes the same calls to Directus and RideNDine as the workflow, with the same client code, within one request. A
 * crash between two of these calls loses the order. The handler checks no credential, writes no log, and answers a
 * failed call with a 500. What the handler lacks makes it faster.
 */
app.post('/v1/orders', async (request, reply) => {
  const key = request.headers['idempotency-key'];
  const checkoutRequest = checkoutRequestSchema.parse({ ...(request.body as object), idempotency_key: key });
  const [existing, quote] = await Promise.all([
    orders.findOrderByKey(checkoutRequest.idempotency_key),
    orders.findQuote(checkoutRequest.quote_id),
  ]);
  if (existing) return reply.status(409).send();
  const checked = checkCheckout(checkoutRequest, quote, new Date());
  if (!checked.ok) return reply.status(422).send();
  const order = newOrder(checkoutRequest, { checkout: checked.checkout, runId: request.id, partner: ridendine });
  await orders.createOrder(order);
  const link = await ridendine.createOrder({ orderId: order.id, body: order.ridendineRequest });
  const linked = await orders.saveLink(order.id, link);
  return reply.status(201).send(linked ? resultOf(linked) : undefined);
});

process.once('SIGTERM', () => process.exit());
await app.listen({ host: '127.0.0.1', port: Number(setting('PORT')) });
