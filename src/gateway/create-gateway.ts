import fastify from 'fastify';
import type { FastifyBaseLogger, FastifyError, FastifyInstance } from 'fastify';
import { OrderCreationError } from '../client/index.ts';
import type { OrderCreationClient } from '../client/index.ts';
import { createCredentialCheck } from './credential.ts';
import { registerOrderRoutes } from './order-routes.ts';
import { sendOrderCreationError, sendProblem } from './problem.ts';

/** A checkout names its quote and an address: a few hundred bytes. */
const BODY_LIMIT_BYTES = 64 * 1024;

export interface GatewayOptions {
  client: Pick<OrderCreationClient, 'createOrder' | 'getOrder' | 'checkConnection'>;
  apiKeys: string[];
  /** Longest that a request waits for its order. */
  waitMs: number;
  logger: FastifyBaseLogger;
}

/** The HTTP service for gateways that rather call HTTP than import the client library. */
export function createGateway({ client, apiKeys, waitMs, logger }: GatewayOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: logger,
    bodyLimit: BODY_LIMIT_BYTES,
    // One line a request, below, instead of Fastify's two with the caller's address.
    disableRequestLogging: true,
    // Open requests end with their answer, idle connections at once.
    forceCloseConnections: 'idle',
  });

  app.removeContentTypeParser('text/plain');

  app.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      { method: request.method, route: request.routeOptions.url, status: reply.statusCode, ms: reply.elapsedTime },
      'request',
    );
    done();
  });

  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof OrderCreationError) return sendOrderCreationError(reply, error);
    switch (error.statusCode) {
      case 413:
        return sendProblem(reply, {
          code: 'PayloadTooLarge',
          detail: `The body is larger than ${BODY_LIMIT_BYTES} bytes.`,
        });
      case 415:
        return sendProblem(reply, { code: 'UnsupportedMediaType', detail: 'Send Content-Type: application/json.' });
      default:
        if (error.statusCode !== undefined && error.statusCode < 500) {
          return sendProblem(reply, { code: 'MalformedRequest', detail: 'The request is not valid HTTP with JSON.' });
        }
        request.log.error({ errorType: error.name, errorMessage: error.message, stack: error.stack }, 'request failed');
        return sendProblem(reply, {
          code: 'InternalError',
          detail: 'Send the same request with the same key again.',
          retryable: true,
        });
    }
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, { code: 'NotFound', detail: 'Orders are at /v1/orders.' }),
  );

  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    await client.checkConnection();
    return { status: 'ok' };
  });

  const isKnown = createCredentialCheck(apiKeys);
  void app.register((orders, _options, done) => {
    orders.addHook('onRequest', async (request, reply) => {
      if (isKnown(request.headers.authorization)) return;
      await sendProblem(reply, { code: 'Unauthorized', detail: 'Send Authorization: Bearer <a key of this gateway>.' });
    });
    registerOrderRoutes(orders, { client, waitMs });
    done();
  });
  return app;
}
