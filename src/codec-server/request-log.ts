import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Names of namespaces, as Temporal accepts them and as Temporal Cloud extends them (`orders.a1b2c`). */
const NAMESPACE = /^[\w.-]{1,255}$/;

/**
 * Writes one line in the log for each request: who sent it, how many payloads it had and under which keys, never their
 * content. The line has the route's pattern and not the address, because a part of the address may be the secret. A
 * caller who hangs up during the answer has read a part of it, and is logged like any other.
 *
 * Lines about decoding and encoding are written at every log level: they record who has read personal data.
 */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('caller');
  app.decorateRequest('disclosure');
  app.addHook('onRequest', (request, reply, done) => {
    // Not in the hook `onResponse`: Fastify runs it only for answers that were sent completely.
    reply.raw.once('close', () => logRequest(request, reply));
    done();
  });
}

function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { caller, disclosure, method } = request;
  const { url: route } = request.routeOptions;
  const { statusCode: status, outcomeCode: code, elapsedTime: ms } = reply;
  const line = { method, route, status, code, caller, namespace: namespaceOf(request.headers), ms };
  if (disclosure === undefined) {
    request.log.info(line, 'request');
  } else {
    const { operation, payloads, keyIds: key_ids } = disclosure;
    request.log.child({}, { level: 'info' }).info({ ...line, payloads, key_ids }, operation);
  }
}

/** The header comes from outside: only a well-formed name may get into the log. */
function namespaceOf(headers: Record<string, unknown>): string | undefined {
  const namespace = headers['x-namespace'];
  if (namespace === undefined) return undefined;
  return typeof namespace === 'string' && NAMESPACE.test(namespace) ? namespace : '(malformed)';
}
