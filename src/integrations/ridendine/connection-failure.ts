import { types } from 'node:util';

/** System calls that come before the first byte of a request: the name look-up and the connection. */
const CALLS_BEFORE_SENDING = new Set(['getaddrinfo', 'connect']);

/** A connection that was not made in time, and the refusals of a TLS handshake. */
const CODES_BEFORE_SENDING = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Whether it is **proven** that a request never left: its connection was never made. Whatever is not known to prove
 * that, proves nothing.
 */
export function failedBeforeSending(error: unknown): boolean {
  // Not `instanceof`: where modules run in a context of their own, fetch's errors are of another `Error`.
  if (!types.isNativeError(error)) return false;
  // Trying several addresses at once happens while connecting, and only there: then each try must have failed so.
  if ('errors' in error && Array.isArray(error.errors)) {
    return error.errors.length > 0 && error.errors.every(failedBeforeSending);
  }
  if ('syscall' in error && CALLS_BEFORE_SENDING.has(String(error.syscall))) return true;
  if ('code' in error && CODES_BEFORE_SENDING.has(String(error.code))) return true;
  return failedBeforeSending(error.cause);
}
