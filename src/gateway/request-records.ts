import type { FastifyInstance } from 'fastify';
import { isAbandoned } from '../runtime/half-close.ts';
import type { GatewayMetrics } from './metrics.ts';
import { traceIdOf } from './request-spans.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** Why the gateway could not do what was asked, in our own words, for the line in the log. */
    outcomeReason: string | undefined;
  }
}

/** One line in the log and one count in the metrics for each request. Neither has anything that a customer entered. */
export function recordRequests(app: FastifyInstance, metrics: GatewayMetrics): void {
  app.decorateReply('outcomeReason');
  app.decorateRequest('callerName', '');
  app.addHook('onRequest', (request, reply, done) => {
    // Not in the hook `onResponse`: Fastify runs it only for answers that were sent completely.
    reply.raw.once('close', () => {
      const { url: route } = request.routeOptions;
      const { statusCode: status, outcomeCode: code, outcomeReason: reason, elapsedTime: ms } = reply;
      const abandoned = isAbandoned(reply);
      const { callerName: caller } = request;
      metrics.observe({ route, caller, status, code, seconds: ms / 1000, abandoned });
      const trace_id = traceIdOf(request);
      const answered = reply.raw.headersSent ? { status, code, reason } : {};
      request.log.info(
        { method: request.method, route, caller: caller || undefined, ...answered, ms, abandoned, trace_id },
        'request',
      );
    });
    done();
  });
}
