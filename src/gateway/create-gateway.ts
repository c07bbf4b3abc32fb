import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { CallerKey } from '../config/caller-keys.ts';
import { createHttpServer } from '../runtime/http-server.ts';
import { stopInOrder } from '../runtime/orderly-stop.ts';
import { checkRequests } from '../runtime/request-checks.ts';
import { standardHeaders } from '../runtime/request-id.ts';
import { admit } from './admission.ts';
import { createMetrics } from './metrics.ts';
import { registerMonitoringRoutes } from './monitoring-routes.ts';
import { registerOperatorRoutes } from './operator-routes.ts';
import type { Operators } from './operator-routes.ts';
import { registerOrderRoutes } from './order-routes.ts';
import type { OrderWorkers } from './order-workers.ts';
import type { Orders } from './orders.ts';
import { answerError, BODY_LIMIT_BYTES, gatewayProblems } from './problem.ts';
import { recordRequests } from './request-records.ts';
import { recordSpans } from './request-spans.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface GatewayOptions {
  orders: Orders;
  workers: OrderWorkers;
  apiKeys: CallerKey[];
  operators: Operators;
  /** How long a request waits for its order at most, in milliseconds. */
  waitMs: number;
  /** How many requests of one caller may wait at the same time. */
  maxWaiting: number;
  /** How many requests of one caller are let in within a second. */
  requestsPerSecond: number;
  logger: FastifyBaseLogger;
}

/**
 * The HTTP service, for API gateways that prefer HTTP to the client library. `close()` refuses new connections, answers
 * each waiting request with what is known of its order by then, and resolves when all requests are answered.
 */
export function createGateway(options: GatewayOptions): FastifyInstance {
  const { orders, workers, apiKeys, operators, waitMs, maxWaiting, requestsPerSecond, logger } = options;
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
    observe: (answer) => metrics.observe({ route: undefined, caller: '', ...answer, seconds: 0, abandoned: false }),
  });
  recordRequests(app, metrics);
  stopInOrder(app, [waiting, asking, operating]);
  checkRequests(app, { problems: gatewayProblems, whereToGo: 'Orders are at /v1/orders.' });
  app.setErrorHandler(answerError);

  registerMonitoringRoutes(app, { workers, metrics });
  void app.register(async (orderRoutes) => {
    recordSpans(orderRoutes);
    await admit(orderRoutes, { apiKeys, requestsPerSecond });
    registerOrderRoutes(orderRoutes, { orders, waitMs, waiting, asking });
  });
  void app.register(async (operatorRoutes) => {
    recordSpans(operatorRoutes);
    // Operators have keys of their own: a key that creates orders cannot decide about them.
    await admit(operatorRoutes, { apiKeys: operators.apiKeys, requestsPerSecond });
    registerOperatorRoutes(operatorRoutes, { operators, waiting: operating });
  });
  return app;
}
