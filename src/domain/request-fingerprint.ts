import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CheckoutRequest } from './checkout-request.ts';

/**
 * SHA-256 (hex) over the canonical JSON (RFC 8785) of a parsed request without its key. It shows whether a caller who
 * uses a known key means the same checkout. A member that is `null` equals one that is absent.
 */
export function requestFingerprint({ idempotency_key: _key, ...payload }: CheckoutRequest): string {
  const canonical = canonicalize(withoutNullMembers(payload));
  return createHash('sha256')
    .update(canonical ?? '')
    .digest('hex');
}

function withoutNullMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullMembers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([name, member]) => [name, withoutNullMembers(member)]),
  );
}
