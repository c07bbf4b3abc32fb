import type { IncomingMessage } from 'node:http';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { valuesOf } from '../runtime/header-values.ts';

/** A UUID, bare or as a string of RFC 9651 with whatever parameters; then a comma or the end. */
const member =
  /[ \t]*(?:"([^"\\]*)"(?:[ ]*;[ ]*[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[^"\\]|\\["\\])*"|[^\s";,]+))?)*|([^\s",;]+))[ \t]*(,|$)/y;

const invalid = { problem: 'Send the header Idempotency-Key with a UUID that is new for each checkout.' };

export type GivenKey = { key: string } | { problem: string };

/**
 * The key of a request: the header `Idempotency-Key` as draft-ietf-httpapi-idempotency-key-header has it, or as most
 * callers write it. Given more than once, in several headers or in one that was joined on the way, it has to be the same.
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
