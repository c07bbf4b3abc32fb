import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { newOrder } from '../src/activities/new-order.ts';
import { checkoutRequestSchema } from '../src/domain/checkout-request.ts';
import { checkCheckout } from '../src/domain/checkout.ts';
import { resultOf } from '../src/domain/order.ts';
import type { OrdersStore } from '../src/integrations/directus/orders-store.ts';
import type { Partner } from '../src/integrations/partner.ts';

/**
 * What one would write without Temporal: the same calls to Directus and RideNDine, by the same client code, one after
 * the other in a request's handler. A crash between two of them loses the order. It keeps no credential, writes no log
 * and answers failures with a 500, so that all that it lacks counts against us.
 */
export function createPlainHandler({
  orders,
  ridendine,
}: {
  orders: OrdersStore;
  ridendine: Partner;
}): FastifyInstance {
  const app = fastify();
  app.get('/healthz', () => ({ status: 'ok' }));
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
  return app;
}
