import { REQUEST_ID_HEADER } from './request-id.ts';

/** On every answer, whoever gives it: nothing of it is stored on the way, and no browser guesses its type. */
export function standardHeaders(requestId: string): Record<string, string> {
  return {
    [REQUEST_ID_HEADER]: requestId,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
}
