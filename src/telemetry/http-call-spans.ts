import { context, isSpanContextValid, SpanKind, trace } from '@opentelemetry/api';
import { markFailed } from './spans.ts';
import { traceparentOf } from './trace-context.ts';

/**
 * `fetch` with a span for each call of a step, which tells method, host, path as a pattern and status, and with the header
 * `traceparent`, by which whoever is called can find their part of the trace. Everything else goes through as it is, also
 * an error. A span ends with the headers of the answer.
 *
 * @param pathPattern tells a path without what is in it: an id becomes `{id}`.
 */
export function fetchWithSpans(pathPattern: (path: string) => string): typeof fetch {
  const tracer = trace.getTracer('cooco-order-creation');
  return async (input, init) => {
    // A call that no order needs is no trace of its own: what the metrics ask Directus every few seconds.
    if (trace.getSpan(context.active()) === undefined) return await fetch(input, init);
    const request = input instanceof Request ? input : undefined;
    const { hostname, port, pathname } = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? request?.method ?? 'GET';
    const pattern = pathPattern(pathname);
    const span = tracer.startSpan(`${method} ${pattern}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        'http.request.method': method,
        'server.address': hostname,
        ...(port !== '' && { 'server.port': Number(port) }),
        'url.template': pattern,
      },
    });
    const headers = request ? request.headers : new Headers(init?.headers);
    const place = span.spanContext();
    if (isSpanContextValid(place)) headers.set('traceparent', traceparentOf(place));
    try {
      const response = await (request ? fetch(request, init) : fetch(input, { ...init, headers }));
      span.setAttribute('http.response.status_code', response.status);
      if (response.status >= 400) markFailed(span, String(response.status));
      return response;
    } catch (error) {
      markFailed(span, reasonOf(error));
      throw error;
    } finally {
      span.end();
    }
  };
}

/** The code of a connection's error, which stands in the cause of fetch's own, else the name of the error. */
function reasonOf(error: unknown): string {
  // Not `instanceof`: where modules run in a context of their own, fetch's errors are of another `Error`.
  const { name, cause } = error as { name?: unknown; cause?: { code?: unknown } };
  if (typeof cause?.code === 'string') return cause.code;
  return typeof name === 'string' ? name : 'unknown';
}
