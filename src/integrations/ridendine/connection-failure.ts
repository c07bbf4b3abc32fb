import { types } from 'node:util';

/** System calls that come before the first byte of a request: the name look-up and the connection. */
const CALLS_BEFORE_SENDING = new Set(['getaddrinfo', 'connect']);

/** Codes of errors before the first byte: a connection that was not made in time, and a refused TLS handshake. */
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
 * Whether the error **proves** that the request never left, because its connection was never made. An error that is not
 * listed here proves nothing.
 */
export function failedBeforeSending(error: unknown): boolean {
  // Not `instanceof`: if modules run in a VM context of their own, fetch's errors belong to another `Error` class.
  if (!types.isNativeError(error)) return false;
  // Only connecting tries several addresses at once and collects their errors. Then every error must be a proof.
  if ('errors' in error && Array.isArray(error.errors)) {
    return error.errors.length > 0 && error.errors.every(failedBeforeSending);
  }
  if ('syscall' in error && CALLS_BEFORE_SENDING.has(String(error.syscall))) return true;
  if ('code' in error && CODES_BEFORE_SENDING.has(String(error.code))) return true;
  return failedBeforeSending(error.cause);
}
