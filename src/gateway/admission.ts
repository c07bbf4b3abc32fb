import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import type { CallerKey } from '../config/caller-keys.ts';
import { createCredentialCheck } from './credential.ts';
import { sendProblem, TooManyRequestsError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the caller whose key the request carries; empty if it carries no known key. */
    callerName: string;
  }
}

const SECOND_MS = 1000;
const noHeaders = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
  // The answer is a problem document, which sets this header itself.
  'retry-after': false,
};

/**
 * Admits only requests with a known key, and at most `requestsPerSecond` of each caller, so that a caller that sends
 * too many does not harm the others. Call this before the routes are registered.
 */
export async function admit(
  routes: FastifyInstance,
  { apiKeys, requestsPerSecond }: { apiKeys: CallerKey[]; requestsPerSecond: number },
): Promise<void> {
  const callerOf = createCredentialCheck(apiKeys);
  routes.addHook('onRequest', async (request, reply) => {
    const caller = callerOf(request.headers.authorization);
    if (caller !== undefined) request.callerName = caller;
    else
      await sendProblem(reply, { code: 'Unauthorized', detail: 'Send Authorization: Bearer <a key of this gateway>.' });
  });
  await routes.register(rateLimit, {
    max: requestsPerSecond,
    timeWindow: SECOND_MS,
    keyGenerator: ({ callerName }) => callerName,
    errorResponseBuilder: () => new TooManyRequestsError(requestsPerSecond),
    addHeaders: noHeaders,
    addHeadersOnExceeding: noHeaders,
  });
}
