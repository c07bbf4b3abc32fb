import fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Duplex } from 'node:stream';
import { OrderCreationError } from '../client/index.ts';
import { answerConnectionErrors } from './connection-errors.ts';
import { createCredentialCheck } from './credential.ts';
import { noteAddresses } from './known-addresses.ts';
import { createMetrics } from './metrics.ts';
import { registerOperationsRoutes } from './operations-routes.ts';
import { registerOrderRoutes } from './order-routes.ts';
import type { OrderWorkers } from './order-workers.ts';
import type { Orders } from './orders.ts';
import type { ProblemCode } from './problem-codes.ts';
import { sendOrderCreationError, sendProblem } from './problem.ts';
import { requestId } from './request-id.ts';
import { standardHeaders } from './standard-headers.ts';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';
import { traceContext } from './trace-context.ts';
import { WaitingRoom } from './waiting-room.ts';

/** A checkout names its quote and an address: a few hundred bytes. */
const BODY_LIMIT_BYTES = 64 * 1024;
/** Node's own default, which a flag of the process could change. */
const HEADERS_LIMIT_BYTES = 16 * 1024;
/** A caller in the same data centre needs milliseconds. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** How exactly these two are kept. */
const TIMEOUT_CHECK_MS = 1_000;
/** Beyond the longest wait: a connection on which nothing moves for so long has lost its caller. */
const IDLE_MARGIN_MS = 15_000;
/** Longer than load balancers keep connections (60 s), so that none sends a request into one that we just closed. */
const KEEP_ALIVE_MS = 72_000;
/** Most orders that were under way when the gateway is stopped are done within this. */
const FINISH_MS = 1_000;
/** What still sends or reads so long after the stop is cut off. */
const CUT_OFF_MS = 5_000;

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

declare module 'fastify' {
  interface FastifyReply {
    /** `code` of the problem that is answered, if one is. */
    outcomeCode: ProblemCode | undefined;
  }
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
  /** How many requests of a connection have arrived whole and have no answer yet. */
  const answering = new WeakMap<Duplex, number>();
  const countAnswering = (socket: Duplex, change: 1 | -1) =>
    answering.set(socket, (answering.get(socket) ?? 0) + change);
  const connectionErrors = answerConnectionErrors({
    isAnswering: (socket) => (answering.get(socket) ?? 0) > 0,
    observe: (code, status) => metrics.observe({ route: undefined, status, code, seconds: 0, abandoned: false }),
  });

  const app = fastify({
    loggerInstance: logger,
    // One line a request, below, instead of Fastify's two with the caller's address.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestId,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: waitMs + IDLE_MARGIN_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: HEADERS_LIMIT_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // Node would answer without a body; see the first hook.
      requireHostHeader: false,
    },
    // A request on a connection that is still open is answered: it may be the only word of an order.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      void reply.headers(standardHeaders(request.id));
      answerError(error, request, reply as FastifyReply);
      metrics.observe({
        route: undefined,
        status: reply.statusCode,
        code: (reply as FastifyReply).outcomeCode,
        seconds: 0,
        abandoned: false,
      });
    },
    clientErrorHandler: connectionErrors.onClientError,
  });
  app.server.on('connect', connectionErrors.onConnect);
  // An expectation that we don't know may be ignored (RFC 9110, section 10.1.1); Node would answer without a body.
  app.server.on('checkExpectation', app.routing);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseStrictJson(body));
    } catch (error) {
      done(error as Error);
    }
  });

  app.decorateReply('outcomeCode');
  let isClosing = false;
  const allowedAt = noteAddresses(app);
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(standardHeaders(request.id));
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      return sendProblem(reply, { code: 'MalformedRequest', detail: 'Send the header Host.' });
    }
    if (request.is404) return sendNothingHere(request, reply);
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      return sendProblem(reply, { code: 'UnsupportedMediaType', detail: 'Send the body without Content-Encoding.' });
    }
  });
  app.addHook('preValidation', (request, reply, done) => {
    countAnswering(request.socket, 1);
    reply.raw.once('close', () => countAnswering(request.socket, -1));
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) void reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { url: route } = request.routeOptions;
    const abandoned = !reply.raw.writableFinished;
    const { statusCode: status, outcomeCode: code, elapsedTime: ms } = reply;
    metrics.observe({ route, status, code, seconds: ms / 1000, abandoned });
    const trace_id = traceContext(request.headers.traceparent)?.traceId;
    request.log.info({ method: request.method, route, status, code, ms, abandoned, trace_id }, 'request');
    done();
  });
  app.addHook('preClose', (done) => {
    isClosing = true;
    const finish = setTimeout(() => waiting.close(), FINISH_MS);
    const cutOff = setTimeout(() => app.server.closeAllConnections(), CUT_OFF_MS);
    app.server.once('close', () => {
      clearTimeout(finish);
      clearTimeout(cutOff);
    });
    done();
  });

  app.setErrorHandler(answerError);
  app.setNotFoundHandler(sendNothingHere);

  registerOperationsRoutes(app, { workers, metrics });
  const isKnown = createCredentialCheck(apiKeys);
  void app.register((orderRoutes, _options, done) => {
    orderRoutes.addHook('onRequest', async (request, reply) => {
      if (isKnown(request.headers.authorization)) return;
      await sendProblem(reply, { code: 'Unauthorized', detail: 'Send Authorization: Bearer <a key of this gateway>.' });
    });
    registerOrderRoutes(orderRoutes, { orders, waitMs, waiting, asking });
    done();
  });
  return app;

  function sendNothingHere(request: FastifyRequest, reply: FastifyReply) {
    const allow = allowedAt(request.url);
    if (allow === undefined) return sendProblem(reply, { code: 'NotFound', detail: 'Orders are at /v1/orders.' });
    void reply.header('allow', allow);
    return sendProblem(reply, { code: 'MethodNotAllowed', detail: `This address knows ${allow}.` });
  }
}

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof OrderCreationError) return sendOrderCreationError(reply, error);
  if (error instanceof StrictJsonError) return sendProblem(reply, { code: 'MalformedRequest', detail: error.message });
  switch (error.statusCode) {
    case 413:
      return sendProblem(reply, {
        code: 'PayloadTooLarge',
        detail: `The body is larger than ${BODY_LIMIT_BYTES} bytes.`,
      });
    case 414:
      return sendProblem(reply, { code: 'UriTooLong', detail: 'A part of the address is longer than any key.' });
    case 415:
      return sendProblem(reply, { code: 'UnsupportedMediaType', detail: 'Send Content-Type: application/json.' });
    default:
      if (error.statusCode !== undefined && error.statusCode < 500) {
        return sendProblem(reply, { code: 'MalformedRequest', detail: 'The request is not valid HTTP with JSON.' });
      }
      // Not its message, nor the first line of its stack: they may hold what a customer entered.
      request.log.error({ error: error.name, code: error.code, frames: framesOf(error) }, 'request failed');
      return sendProblem(reply, { code: 'InternalError', detail: 'Send the same request with the same key again.' });
  }
}

function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => line.startsWith('    at '));
}
