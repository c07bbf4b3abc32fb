import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { valuesOf } from './header-values.ts';

const REQUEST_ID_HEADER = 'x-request-id';

/** An id that can stand in a log line and in a header unchanged. */
const wellFormed = /^[\w.-]{1,128}$/;

/** The caller's `X-Request-Id` if it can be passed on as it is, else a new one. */
export function requestId(request: Pick<IncomingMessage, 'rawHeaders'>): string {
  const [given, another] = new Set(valuesOf(request, REQUEST_ID_HEADER));
  return given !== undefined && another === undefined && wellFormed.test(given) ? given : randomUUID();
}

/** Headers of every answer. They give the request's id, and forbid to store the answer and to guess its type. */
export function standardHeaders(id: string): Record<string, string> {
  return {
    [REQUEST_ID_HEADER]: id,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
}
