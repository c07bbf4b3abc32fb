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
    /** Who sent the request, once it was admitted: the token's `sub`, or "local" if no token is demanded. */
    caller: string | undefined;
  }
}

/** How much of a caller's name is kept, in characters. */
const CALLER_LENGTH = 255;

/** @returns a check for the secret whose duration reveals nothing about it: it compares digests of equal length. */
export function createSegmentCheck(pathSegment: string): (given: string) => boolean {
  const secret = digest(pathSegment);
  return (given) => timingSafeEqual(secret, digest(given));
}

/** @returns a hook that admits callers with a valid token, or everybody if no token is demanded; it answers others. */
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
        // People who run this server need the reason. It may name the address of the keys, which is no secret.
        request.log.warn({ reason: reasonOf(error) }, 'the keys of access tokens cannot be fetched');
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
