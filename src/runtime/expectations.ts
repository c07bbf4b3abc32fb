import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

/**
 * Sends `100 Continue` to a caller with `Expect: 100-continue` only after the request has passed the checks that come
 * before its body, and only if the body is not too large. So the caller need not send a body that is refused. Without
 * this, Node would send `100 Continue` at once.
 */
export function answerExpectations(app: FastifyInstance, { bodyLimitBytes }: { bodyLimitBytes: number }): void {
  const expecting = new WeakSet<ServerResponse>();
  app.server.on('checkContinue', (request, response) => {
    expecting.add(response);
    app.server.emit('request', request, response);
  });
  // A server may ignore an unknown expectation (RFC 9110, section 10.1.1). Node would refuse it, without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const isTooLarge = Number(request.headers['content-length'] ?? 0) > bodyLimitBytes;
    if (expecting.has(reply.raw) && !isTooLarge) reply.raw.writeContinue();
    done();
  });
}
