import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** What Temporal takes as the name of a namespace, and Temporal Cloud makes of it. */
const NAMESPACE = /^[\w.-]{1,255}$/;

/**
 * One line in the log for each request: who it was and what was decoded, never what it says. Of the address only the
 * route's pattern stands there, since a part of the address may be the secret. A caller who hangs up in the middle of an
 * answer has read what came before, and is logged like any other.
 *
 * Whatever the level of the log, what was decoded or encoded is written: it is a record of who has read personal data.
 */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('caller');
  app.decorateRequest('disclosure');
  app.addHook('onRequest', (request, reply, done) => {
    // The hook `onResponse` comes for answers alone that were sent to their end.
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

/** It comes from outside: a text of any kind does not get into the log. */
function namespaceOf(headers: Record<string, unknown>): string | undefined {
  const namespace = headers['x-namespace'];
  if (namespace === undefined) return undefined;
  return typeof namespace === 'string' && NAMESPACE.test(namespace) ? namespace : '(malformed)';
}
