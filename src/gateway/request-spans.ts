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
 * Records a span for each request to these routes: in the caller's trace if the request has a valid `traceparent`, else
 * in a new trace. Spans of the work for the request are its children. The span has the route's pattern, the status and
 * the problem's code, and nothing that the caller sent.
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
    // Not in the hook `onResponse`: Fastify runs it only for answers that were sent completely.
    reply.raw.once('close', () => endSpan(span, reply));
    done();
  });
  // Only after the body was read: an OpenTelemetry context that is set earlier is lost while the body is read.
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

/** The id of the trace that a request belongs to: our span's trace, else the caller's. */
export function traceIdOf(request: FastifyRequest): string | undefined {
  const place = request.span?.spanContext();
  return place && isSpanContextValid(place) ? place.traceId : traceContext(request.headers.traceparent)?.traceId;
}
