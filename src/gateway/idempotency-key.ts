import type { IncomingMessage } from 'node:http';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { valuesOf } from '../runtime/header-values.ts';

/** One key: bare, or an RFC 9651 string with any parameters. A comma or the end of the header must follow. */
const member =
  /[ \t]*(?:"([^"\\]*)"(?:[ ]*;[ ]*[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[^"\\]|\\["\\])*"|[^\s";,]+))?)*|([^\s",;]+))[ \t]*(,|$)/y;

const invalid = { problem: 'Send the header Idempotency-Key with a UUID that is new for each checkout.' };

export type GivenKey = { key: string } | { problem: string };

/**
 * Reads a request's key from the header `Idempotency-Key`: quoted, as draft-ietf-httpapi-idempotency-key-header says,
 * or bare, as most callers write it. A request may have several keys, in several headers or in one header that was
 * joined on the way: all must be the same.
 *
 * @returns the key in lower case, or a `problem`: a sentence that tells the caller what to send.
 */
export function givenKey(request: Pick<IncomingMessage, 'rawHeaders'>): GivenKey {
  const keys = new Set<string>();
  for (const value of valuesOf(request, 'idempotency-key')) {
    member.lastIndex = 0;
    for (let end: string | undefined = ','; end === ',';) {
      const [, quoted, bare, next] = member.exec(value) ?? [];
      const key = hyphenatedUuid.safeParse(quoted ?? bare);
      if (!key.success) return invalid;
      keys.add(key.data);
      end = next;
    }
  }
  const [key, another] = keys;
  if (key === undefined) return invalid;
  return another === undefined ? { key } : { problem: 'Two different keys were sent. Send one Idempotency-Key.' };
}
