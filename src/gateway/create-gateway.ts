import fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { ConnectionErrors } from '../runtime/connection-errors.ts';
import { answerExpectations } from '../runtime/expectations.ts';
import { allowHalfClose } from '../runtime/half-close.ts';
import { LingeringClose } from '../runtime/lingering-close.ts';
import { stopInOrder } from '../runtime/orderly-stop.ts';
import { checkRequests } from '../runtime/request-checks.ts';
import { requestId } from '../runtime/request-id.ts';
import { serverLimits } from '../runtime/server-limits.ts';
import { standardHeaders } from '../runtime/request-id.ts';
import { createCredentialCheck } from './credential.ts';
import { createMetrics } from './metrics.ts';
import { registerOperationsRoutes } from './operations-routes.ts';
import { registerOrderRoutes } from './order-routes.ts';
import type { OrderWorkers } from './order-workers.ts';
import type { Orders } from './orders.ts';
import { answerError, BODY_LIMIT_BYTES, gatewayProblems, sendProblem } from './problem.ts';
import { recordRequests } from './request-records.ts';
import { recordSpans } from './request-spans.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface GatewayOptions {
  orders: Orders;
  workers: OrderWorkers;
  apiKeys: string[];
  /** Longest that a request waits for its order. */
  waitMs: number;
  /** How many requests may wait at the same time. */
  maxWaiting: number;
  logger: FastifyBaseLogger;
}

/**
 * The HTTP service for gateways that rather call HTTP than import the client library. `close()` refuses new connections,
 * answers the requests that wait with what is known of their orders by then, and resolves when all are answered.
 */
export function createGateway(options: GatewayOptions): FastifyInstance {
  const { orders, workers, apiKeys, waitMs, maxWaiting, logger } = options;
  const waiting = new WaitingRoom(maxWaiting);
  const asking = new WaitingRoom(maxWaiting);
  const metrics = createMetrics({ waiting, workers });
  const lingering = new LingeringClose({ bodyLimitBytes: BODY_LIMIT_BYTES });
  const connectionErrors = new ConnectionErrors({
    lingering,
    problems: gatewayProblems,
    observe: ({ status, code }) => metrics.observe({ route: undefined, status, code, seconds: 0, abandoned: false }),
  });

  const app = fastify({
    ...serverLimits({ bodyLimitBytes: BODY_LIMIT_BYTES, waitMs }),
    loggerInstance: logger,
    // `recordRequests` writes one line a request instead of Fastify's two with the caller's address.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestId,
    // A request on a connection that is still open is answered: it may be the only word of an order.
    return503OnClosing: false,
    // An address that no route can be looked up by; such a request passes no hook.
    frameworkErrors(error, request, reply) {
      void reply.headers(standardHeaders(request.id));
      answerError(error, request, reply);
      const { statusCode: status, outcomeCode: code } = reply;
      metrics.observe({ route: undefined, status, code, seconds: 0, abandoned: false });
    },
    clientErrorHandler: connectionErrors.onClientError,
  });
  lingering.listenTo(app.server);
  allowHalfClose(app.server);
  connectionErrors.listenTo(app);
  answerExpectations(app, { bodyLimitBytes: BODY_LIMIT_BYTES });
  recordRequests(app, metrics);
  stopInOrder(app, [waiting, asking]);
  checkRequests(app, { problems: gatewayProblems, whereToGo: 'Orders are at /v1/orders.' });
  app.setErrorHandler(answerError);

  registerOperationsRoutes(app, { workers, metrics });
  const isKnown = createCredentialCheck(apiKeys);
  void app.register((orderRoutes, _options, done) => {
    recordSpans(orderRoutes);
    orderRoutes.addHook('onRequest', async (request, reply) => {
      if (isKnown(request.headers.authorization)) return;
      await sendProblem(reply, { code: 'Unauthorized', detail: 'Send Authorization: Bearer <a key of this gateway>.' });
    });
    registerOrderRoutes(orderRoutes, { orders, waitMs, waiting, asking });
    done();
  });
  return app;
}
