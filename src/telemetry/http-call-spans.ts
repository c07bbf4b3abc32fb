import { context, isSpanContextValid, SpanKind, trace } from '@opentelemetry/api';
import { markFailed } from './spans.ts';
import { traceparentOf } from './trace-context.ts';

/**
 * Returns a `fetch` that makes a span for each call of an activity. The span has the method, the host, the path as a
 * pattern, and the status. It ends when the headers of the answer have arrived. The call gets the header `traceparent`,
 * so that the called service can make spans in the same trace. Everything else is passed on unchanged, also an error.
 *
 * @param pathPattern replaces the values in a path: an id becomes `{id}`.
 */
export function fetchWithSpans(pathPattern: (path: string) => string): typeof fetch {
  const tracer = trace.getTracer('cooco-order-creation');
  return async (input, init) => {
    // Without an active span, the call is not made for an order, as when the metrics ask Directus every few seconds.
    // Such a call gets no trace of its own.
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

/** The code of a connection error, which is the cause of the error of `fetch`. Without a code, the error's name. */
function reasonOf(error: unknown): string {
  // Not `instanceof`: if modules run in a context of their own, errors of `fetch` belong to another class `Error`.
  const { name, cause } = error as { name?: unknown; cause?: { code?: unknown } };
  if (typeof cause?.code === 'string') return cause.code;
  return typeof name === 'string' ? name : 'unknown';
}
