import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CheckoutRequestInput } from '../client/index.ts';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { traceContext } from '../telemetry/trace-context.ts';
import { whenNobodyWaits } from '../runtime/half-close.ts';
import { RETRY_AFTER_S } from '../runtime/problem.ts';
import { givenKey } from './idempotency-key.ts';
import { lastLook } from './last-look.ts';
import type { Orders } from './orders.ts';
import { sendProblem } from './problem.ts';
import type { CreatedOrder, OrderInProgressBody, OrderViewBody } from './response-bodies.ts';
import { waitMs } from './wait-preference.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** In seconds. An order in review waits for a person, which may take long. */
const RETRY_AFTER_IN_REVIEW_S = 3600;

interface OrderRoutesOptions {
  orders: Orders;
  waitMs: number;
  /** Requests that wait for their orders. */
  waiting: WaitingRoom;
  /** Requests that ask how an order stands. Their limit is separate from that of the requests that wait. */
  asking: WaitingRoom;
}

/** `POST /v1/orders` and `GET /v1/orders/{key}`. */
export function registerOrderRoutes(app: FastifyInstance, options: OrderRoutesOptions): void {
  const { orders, waiting, asking } = options;

  app.post('/v1/orders', async (request, reply) => {
    const given = givenKey(request.raw);
    if ('problem' in given) return sendProblem(reply, { code: 'IdempotencyKeyInvalid', detail: given.problem });
    const { key } = given;
    const { body } = request;
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      return sendProblem(reply, { code: 'MalformedRequest', detail: 'The body must be a JSON object.' });
    }
    const keyInBody = 'idempotency_key' in body ? body.idempotency_key : null;
    if (keyInBody !== null && hyphenatedUuid.safeParse(keyInBody).data !== key) {
      return sendProblem(reply, {
        code: 'IdempotencyKeyInvalid',
        detail: 'The idempotency_key in the body differs from the header Idempotency-Key.',
      });
    }

    // Nothing has checked the body yet. The client library does.
    const input = { ...body, idempotency_key: key } as CheckoutRequestInput;
    const trace = traceContext(request.headers.traceparent);
    const outcome = await waiting.enter(request.callerName, (stopWaiting) => {
      whenNobodyWaits(request, reply, () => stopWaiting.abort());
      return orders.createOrder(input, {
        timeoutMs: waitMs(request.headers.prefer, options.waitMs),
        stopWaiting: stopWaiting.signal,
        signal: lastLook(stopWaiting.signal),
        requestId: request.id,
        ...(trace && { traceparent: trace.traceparent }),
      });
    });
    if (outcome === undefined) return sendOverloaded(reply);

    void reply.header('location', `/v1/orders/${key}`);
    if (outcome.state === 'IN_PROGRESS') return sendInProgress(reply, outcome, 202);
    const { replayed, order_id, ridendine_order_id, payment_session_id, status, payment_status } = outcome;
    if (replayed) void reply.header('idempotent-replayed', 'true');
    return reply
      .status(replayed ? 200 : 201)
      .send({ order_id, ridendine_order_id, payment_session_id, status, payment_status } satisfies CreatedOrder);
  });

  app.get<{ Params: { key: string } }>('/v1/orders/:key', async (request, reply) => {
    const view: OrderViewBody | undefined = await asking.enter(request.callerName, (stopWaiting) =>
      orders.getOrder(request.params.key, { signal: lastLook(stopWaiting.signal) }),
    );
    if (view === undefined) return sendOverloaded(reply);
    return view.state === 'IN_PROGRESS' ? sendInProgress(reply, view, 200) : reply.send(view);
  });
}

function sendInProgress(reply: FastifyReply, view: OrderInProgressBody, status: 200 | 202) {
  return reply
    .status(status)
    .header('retry-after', view.stage === 'NEEDS_REVIEW' ? RETRY_AFTER_IN_REVIEW_S : RETRY_AFTER_S)
    .send(view);
}

function sendOverloaded(reply: FastifyReply) {
  return sendProblem(reply, {
    code: 'GatewayOverloaded',
    detail: 'Too many of your requests wait already. Send the same request with the same key again.',
  });
}
