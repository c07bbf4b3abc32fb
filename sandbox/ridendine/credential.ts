import { createHash, timingSafeEqual } from 'node:crypto';
import { type Problem, problem } from './problem.ts';

/** Tells whether an `Authorization` header carries the credential. */
export type CredentialCheck = (authorization: string | undefined) => boolean;

/** Compares in constant time: digests have one length, so not even the key's length shows. */
export function createCredentialCheck(apiKey: string): CredentialCheck {
  const expected = sha256(apiKey);
  return (authorization) => {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(sha256(token), expected);
  };
}

export const unauthorized: Problem = problem('unauthorized', {
  title: 'The credential is missing or wrong',
  status: 401,
  detail: 'Send the header Authorization: Bearer <key>.',
});

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
