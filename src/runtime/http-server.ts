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
  /** How long a request may wait for its answer on purpose, in milliseconds. */
  waitMs: number;
  /** Answers a request whose address Fastify cannot even look up. Such a request passes no hook. */
  answerUnroutable: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void;
  /** Called for every answer that passes no hook. */
  observe: (answer: { status: number; code: string | undefined }) => void;
}

/**
 * Creates the base of an HTTP service: connections with limits, answers that reach the caller, and a problem document
 * for everything that is not a valid request. The service then adds its own hooks and routes.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { problems, logger, bodyLimitBytes, waitMs, answerUnroutable, observe } = options;
  const lingering = new LingeringClose({ bodyLimitBytes });
  const connectionErrors = new ConnectionErrors({ lingering, problems, observe });
  const app = fastify({
    ...serverLimits({ bodyLimitBytes, waitMs }),
    loggerInstance: logger,
    // A service writes one log line for each request. Fastify would write two, with the URL and the caller's address.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestId,
    // While the server stops, it still handles requests on open connections. Such a request may be the only one that
    // anybody sends for its order.
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
