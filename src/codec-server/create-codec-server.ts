import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { EncryptionKeys } from '../temporal/encryption-keys.ts';
import { errorAnswers } from '../runtime/error-answers.ts';
import { createHttpServer } from '../runtime/http-server.ts';
import { stopInOrder } from '../runtime/orderly-stop.ts';
import { checkRequests } from '../runtime/request-checks.ts';
import { createCallerCheck, createSegmentCheck } from './access.ts';
import type { Access } from './access.ts';
import { registerCodecRoutes } from './codec-routes.ts';
import { allowOrigins } from './origins.ts';
import { problems } from './problems.ts';
import { logRequests } from './request-log.ts';

/** A page of history, as Temporal bounds it (4 MB), in base64, and some more. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;
/** The keys of access tokens may have to be fetched. */
const LONGEST_WAIT_MS = 5_000;

const WHERE_TO_GO = 'POST payloads to <endpoint>/decode or <endpoint>/encode.';

export interface CodecServerOptions {
  /** Without them what is encrypted can't be read, and nothing is encrypted. */
  keys: EncryptionKeys | undefined;
  /** Of the pages that may ask. */
  uiOrigins: string[];
  access: Access;
  logger: FastifyBaseLogger;
}

/**
 * The HTTP service by which the Temporal UI and CLI show in clear what Temporal stores encrypted, to people who may read
 * it. `close()` refuses new connections and resolves when all requests are answered.
 */
export async function createCodecServer(options: CodecServerOptions): Promise<FastifyInstance> {
  const { keys, uiOrigins, access, logger } = options;
  const answerError = errorAnswers({
    problems,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    afterFailure: { detail: 'Try again.' },
  });
  const app = createHttpServer({
    problems,
    logger,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    waitMs: LONGEST_WAIT_MS,
    answerUnroutable(error, request, reply) {
      if (refuseForeign(request, reply) === undefined) answerError(error, request, reply);
    },
    observe: (answer) => logger.info(answer, 'request'),
  });
  logRequests(app);
  stopInOrder(app);
  const refuseForeign = await allowOrigins(app, uiOrigins);

  const { pathSegment, token } = access;
  const isEndpoint = pathSegment === undefined ? () => true : createSegmentCheck(pathSegment);
  checkRequests(app, {
    problems,
    whereToGo: WHERE_TO_GO,
    hides: (url) => /\/(de|en)code\b/.test(url) && !isEndpoint(url.split('/')[1] ?? ''),
  });
  app.setErrorHandler(answerError);

  app.get('/healthz', () => ({ status: 'ok' }));
  const checkCaller = createCallerCheck(token);
  await app.register(
    (codecRoutes, _options, done) => {
      codecRoutes.addHook<{ Params: { segment?: string } }>('onRequest', async ({ params }, reply) => {
        if (isEndpoint(params.segment ?? '')) return;
        await problems.send(reply, { code: 'NotFound', detail: WHERE_TO_GO });
      });
      codecRoutes.addHook('onRequest', checkCaller);
      registerCodecRoutes(codecRoutes, keys);
      done();
    },
    // In a route of its own the secret would be looked up faster the more of it is right.
    { prefix: pathSegment === undefined ? '' : '/:segment' },
  );
  return app;
}
