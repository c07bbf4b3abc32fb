import { createHash, timingSafeEqual } from 'node:crypto';
import type { CallerKey } from '../config/caller-keys.ts';

/**
 * @returns a function that tells which caller's key an `Authorization` header carries; `undefined` if no caller has it.
 *   The function always compares the digests of all keys, so that its duration reveals nothing about a key.
 */
export function createCredentialCheck(apiKeys: CallerKey[]): (header: string | undefined) => string | undefined {
  const known = apiKeys.map(({ caller, key }) => ({ caller, digest: digest(key) }));
  return (header) => {
    const given = digest(/^Bearer (.+)$/i.exec(header ?? '')?.[1] ?? '');
    let caller: string | undefined;
    for (const one of known) if (timingSafeEqual(one.digest, given)) caller = one.caller;
    return caller;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
