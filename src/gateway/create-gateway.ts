import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { createHttpServer } from '../runtime/http-server.ts';
import { stopInOrder } from '../runtime/orderly-stop.ts';
import { checkRequests } from '../runtime/request-checks.ts';
import { standardHeaders } from '../runtime/request-id.ts';
import { createCredentialCheck } from './credential.ts';
import { createMetrics } from './metrics.ts';
import { registerMonitoringRoutes } from './monitoring-routes.ts';
import { registerOperatorRoutes } from './operator-routes.ts';
import type { Operators } from './operator-routes.ts';
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
  operators: Operators;
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
  const { orders, workers, apiKeys, operators, waitMs, maxWaiting, logger } = options;
  const waiting = new WaitingRoom(maxWaiting);
  const asking = new WaitingRoom(maxWaiting);
  const operating = new WaitingRoom(maxWaiting);
  const metrics = createMetrics({ waiting, workers });
  const app = createHttpServer({
    problems: gatewayProblems,
    logger,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    waitMs,
    answerUnroutable(error, request, reply) {
      void reply.headers(standardHeaders(request.id));
      answerError(error, request, reply);
    },
    observe: (answer) => metrics.observe({ route: undefined, ...answer, seconds: 0, abandoned: false }),
  });
  recordRequests(app, metrics);
  stopInOrder(app, [waiting, asking, operating]);
  checkRequests(app, { problems: gatewayProblems, whereToGo: 'Orders are at /v1/orders.' });
  app.setErrorHandler(answerError);

  registerMonitoringRoutes(app, { workers, metrics });
  void app.register((orderRoutes, _options, done) => {
    recordSpans(orderRoutes);
    admitOnly(orderRoutes, createCredentialCheck(apiKeys));
    registerOrderRoutes(orderRoutes, { orders, waitMs, waiting, asking });
    done();
  });
  void app.register((operatorRoutes, _options, done) => {
    recordSpans(operatorRoutes);
    // Not the keys of those who create orders.
    admitOnly(operatorRoutes, createCredentialCheck(operators.apiKeys));
    registerOperatorRoutes(operatorRoutes, { operators, waiting: operating });
    done();
  });
  return app;
}

function admitOnly(routes: FastifyInstance, isKnown: (authorization: string | undefined) => boolean): void {
  routes.addHook('onRequest', async (request, reply) => {
    if (isKnown(request.headers.authorization)) return;
    await sendProblem(reply, { code: 'Unauthorized', detail: 'Send Authorization: Bearer <a key of this gateway>.' });
  });
}
