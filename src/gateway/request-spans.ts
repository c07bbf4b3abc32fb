import { context, isSpanContextValid, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { markFailed, withRemoteSpan } from '../telemetry/spans.ts';
import { traceContext } from '../telemetry/trace-context.ts';
import { isAbandoned } from '../runtime/half-close.ts';

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined;
  }
}

/**
 * A span for each request to these routes, in the caller's trace if there is a valid `traceparent`, else in a new one.
 * What is done for the request belongs to it. It tells the route's pattern, the status and the problem's code, and nothing
 * that a caller sent.
 */
export function recordSpans(routes: FastifyInstance): void {
  const tracer = trace.getTracer('cooco-order-creation');
  routes.decorateRequest('span');
  routes.addHook('onRequest', (request, reply, done) => {
    const { method, routeOptions } = request;
    const route = routeOptions.url ?? 'none';
    const span = tracer.startSpan(
      `${method} ${route}`,
      { kind: SpanKind.SERVER, attributes: { 'http.request.method': method, 'http.route': route } },
      withRemoteSpan(ROOT_CONTEXT, traceContext(request.headers.traceparent)),
    );
    request.span = span;
    // The hook `onResponse` comes for answers alone that were sent to their end.
    reply.raw.once('close', () => endSpan(span, reply));
    done();
  });
  // Once the body is there: reading it leaves the context in which that was begun.
  routes.addHook('preHandler', ({ span }, _reply, done) => {
    if (span) context.with(trace.setSpan(context.active(), span), done);
    else done();
  });
}

function endSpan(span: Span, reply: FastifyReply): void {
  const { outcomeCode, raw } = reply;
  if (raw.headersSent) span.setAttribute('http.response.status_code', raw.statusCode);
  if (isAbandoned(reply)) span.setAttribute('cooco.abandoned', true);
  if (raw.statusCode >= 500) markFailed(span, outcomeCode ?? String(raw.statusCode));
  else if (outcomeCode !== undefined) span.setAttribute('error.type', outcomeCode);
  span.end();
}

/** Of the trace that a request belongs to, be it the caller's or ours. */
export function traceIdOf(request: FastifyRequest): string | undefined {
  const place = request.span?.spanContext();
  return place && isSpanContextValid(place) ? place.traceId : traceContext(request.headers.traceparent)?.traceId;
}
