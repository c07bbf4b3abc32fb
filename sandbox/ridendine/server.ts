import { type FastifyBaseLogger, type FastifyInstance, LogController, fastify } from 'fastify';
import { LingeringClose } from '../../src/runtime/lingering-close.ts';
import { registerControlApi } from './control-api.ts';
import { createCredentialCheck } from './credential.ts';
import { createFaultPlan } from './faults.ts';
import { openOrderStore } from './order-store.ts';
import { registerPartnerApi } from './partner-api.ts';
import { problem, sendProblem } from './problem.ts';

/** An order is a few kilobytes. */
const BODY_LIMIT_BYTES = 1024 * 1024;

export interface SandboxOptions {
  /** The bearer credential that every caller must send, to the partner API and to the control API. */
  apiKey: string;
  /** The SQLite file that holds orders, idempotency keys and attempts. Created if missing. */
  dataFile: string;
  logger: FastifyBaseLogger;
}

/**
 * RideNDine's stand-in, not yet listening. `close()` ends open calls at once, also those that a fault holds.
 *
 * @throws if the data file can't be opened.
 */
export function createSandbox({ apiKey, dataFile, logger }: SandboxOptions): FastifyInstance {
  const store = openOrderStore(dataFile);
  const faults = createFaultPlan();
  const isAuthorized = createCredentialCheck(apiKey);
  const stopping = new AbortController();

  const app = fastify({
    loggerInstance: logger,
    bodyLimit: BODY_LIMIT_BYTES,
    // Fastify's log lines of requests hold URLs and addresses. The hook below writes a line without them.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  // A caller that sends too much gets an answer, as from any well-kept server, instead of a reset.
  new LingeringClose({ bodyLimitBytes: BODY_LIMIT_BYTES }).listenTo(app.server);

  // Every body stays as the bytes that came over the wire.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', async (request, reply) => {
    const startedAt = performance.now();
    // `close` comes after an answer and after a reset or an abort alike: one line for every request.
    reply.raw.once('close', () => {
      request.log.info(
        {
          method: request.method,
          route: request.routeOptions.url ?? null,
          status: reply.raw.headersSent ? reply.raw.statusCode : null,
          duration_ms: Math.round(performance.now() - startedAt),
        },
        'request',
      );
    });
  });

  app.get('/healthz', async () => ({ status: 'ok' }));
  registerPartnerApi(app, { store, faults, isAuthorized, stopping: stopping.signal });
  registerControlApi(app, { store, faults, isAuthorized });

  // Plain text, not JSON: at a wrong address a caller reaches some web server, not an API.
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).type('text/plain').send('Not found\n'));
  app.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) request.log.error({ err: error }, 'request failed');
    const title = status === 413 ? 'The body is too large' : status < 500 ? 'Bad request' : 'The sandbox has failed';
    return sendProblem(reply, problem('http', { title, status }));
  });

  app.addHook('preClose', async () => stopping.abort());
  app.addHook('onClose', async () => store.close());
  return app;
}
