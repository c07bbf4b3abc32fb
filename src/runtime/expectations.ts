import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

/**
 * Asks a caller with `Expect: 100-continue` for its body once the request has passed what is checked before, and not if
 * the body is too large: such a caller need not send what is refused. Node would ask at once.
 */
export function answerExpectations(app: FastifyInstance, { bodyLimitBytes }: { bodyLimitBytes: number }): void {
  const expecting = new WeakSet<ServerResponse>();
  app.server.on('checkContinue', (request, response) => {
    expecting.add(response);
    app.server.emit('request', request, response);
  });
  // An expectation that we don't know may be ignored (RFC 9110, section 10.1.1); Node would answer without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const isTooLarge = Number(request.headers['content-length'] ?? 0) > bodyLimitBytes;
    if (expecting.has(reply.raw) && !isTooLarge) reply.raw.writeContinue();
    done();
  });
}
