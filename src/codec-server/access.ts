import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createTokenCheck, SubjectRefusedError, TokenKeysUnavailableError, TokenRefusedError } from './access-token.ts';
import type { TokenSettings } from './access-token.ts';
import { problems } from './problems.ts';

/** How callers prove that they may read: by a path that only they know, by a token, or by both. */
export type Access =
  { pathSegment: string; token?: TokenSettings | undefined } | { pathSegment?: undefined; token: TokenSettings };

declare module 'fastify' {
  interface FastifyRequest {
    /** Who has come in, once that is known: `sub` of the token, or "local" where there is none. */
    caller: string | undefined;
  }
}

/** Longer ones are no names. */
const CALLER_LENGTH = 255;

/** Whether a path begins with the secret, in a time that tells nothing of it. Digests have one length. */
export function createSegmentCheck(pathSegment: string): (given: string) => boolean {
  const secret = digest(pathSegment);
  return (given) => timingSafeEqual(secret, digest(given));
}

/** Lets in who has the token that is demanded, if one is; answers all others. */
export function createCallerCheck(token: TokenSettings | undefined) {
  const check = token && createTokenCheck(token);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    try {
      const subject = await check?.(request.headers.authorization);
      request.caller = subject?.slice(0, CALLER_LENGTH) ?? 'local';
    } catch (error) {
      const { message: detail } = error as Error;
      if (error instanceof TokenRefusedError) await problems.send(reply, { code: 'Unauthorized', detail });
      else if (error instanceof SubjectRefusedError) await problems.send(reply, { code: 'SubjectNotAllowed', detail });
      else if (error instanceof TokenKeysUnavailableError) {
        // Where the keys are is no secret, and why they can't be had is what whoever runs this has to know.
        request.log.warn({ reason: reasonOf(error) }, 'the keys of access tokens cannot be had');
        await problems.send(reply, { code: 'TokenKeysUnavailable', detail });
      } else throw error;
    }
  };
}

function reasonOf({ cause }: Error): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
