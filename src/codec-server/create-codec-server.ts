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

/** Room for a page of history in base64, with a reserve. Temporal limits a page to 4 MB. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;
/** How long an answer may take on purpose: the keys of access tokens may have to be fetched. */
const LONGEST_WAIT_MS = 5_000;

const WHERE_TO_GO = 'POST payloads to <endpoint>/decode or <endpoint>/encode.';

export interface CodecServerOptions {
  /** `undefined`: nothing is encrypted, and encrypted payloads cannot be read. */
  keys: EncryptionKeys | undefined;
  /** Origins of the pages that may use the server. */
  uiOrigins: string[];
  access: Access;
  logger: FastifyBaseLogger;
}

/**
 * The HTTP service by which the Temporal UI and CLI decrypt what Temporal stores, for people who may read it. `close()`
 * refuses new connections and resolves when all requests are answered.
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
    // A parameter: if the secret itself were a route, the router's time would tell how much of a guess is right.
    { prefix: pathSegment === undefined ? '' : '/:segment' },
  );
  return app;
}
