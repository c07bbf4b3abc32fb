import fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ConnectionErrors } from './connection-errors.ts';
import { answerExpectations } from './expectations.ts';
import { allowHalfClose } from './half-close.ts';
import { LingeringClose } from './lingering-close.ts';
import type { HttpProblemCode, Problems } from './problem.ts';
import { requestId } from './request-id.ts';
import { serverLimits } from './server-limits.ts';

interface HttpServerOptions {
  problems: Problems<HttpProblemCode>;
  logger: FastifyBaseLogger;
  bodyLimitBytes: number;
  /** Longest that an answer is waited for on purpose. */
  waitMs: number;
  /** Answers a request whose address no route can be looked up by. It passes no hook. */
  answerUnroutable: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void;
  /** Told of every answer of which no hook is. */
  observe: (answer: { status: number; code: string | undefined }) => void;
}

/**
 * What every HTTP service of ours is made of: bounded connections, answers that arrive, and a problem document for whatever
 * is no request. Hooks and routes come after.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { problems, logger, bodyLimitBytes, waitMs, answerUnroutable, observe } = options;
  const lingering = new LingeringClose({ bodyLimitBytes });
  const connectionErrors = new ConnectionErrors({ lingering, problems, observe });
  const app = fastify({
    ...serverLimits({ bodyLimitBytes, waitMs }),
    loggerInstance: logger,
    // A service writes one line a request instead of Fastify's two, which have the address and the caller's in them.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestId,
    // A request on a connection that is still open is answered: it may be the only word of an order.
    return503OnClosing: false,
    frameworkErrors(error, request, reply) {
      answerUnroutable(error, request, reply);
      observe({ status: reply.statusCode, code: reply.outcomeCode });
    },
    clientErrorHandler: connectionErrors.onClientError,
  });
  lingering.listenTo(app.server);
  allowHalfClose(app.server);
  connectionErrors.listenTo(app);
  answerExpectations(app, { bodyLimitBytes });
  return app;
}
