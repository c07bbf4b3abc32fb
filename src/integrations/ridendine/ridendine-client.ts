import ky from 'ky';
import { untilFirstAbort } from '../../runtime/first-abort.ts';
import { PartnerError } from '../partner.ts';
import type { Partner } from '../partner.ts';
import { failedBeforeSending } from './connection-failure.ts';
import { orderBody, ridendineIdempotencyKey } from './order-body.ts';
import { readReply } from './reply.ts';

/** The path of the call, relative to the partner's base address. */
export const CREATE_ORDER_PATH = '/orders/create';

export interface RideNDineClientOptions {
  baseUrl: string;
  apiKey: string;
  /** For the whole call, from connecting to the last byte of the answer. */
  timeoutMs: number;
  /** Makes the requests, instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** Calls RideNDine's POST /orders/create. The client never retries and follows no redirect: Temporal alone retries. */
export function createRideNDineClient(options: RideNDineClientOptions): Partner {
  const { baseUrl, apiKey, timeoutMs, fetch } = options;
  const url = `${baseUrl.replace(/\/+$/, '')}${CREATE_ORDER_PATH}`;
  return {
    orderBody,

    async createOrder({ orderId, body, signal }) {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await untilFirstAbort(signal ? [deadline, signal] : [deadline], async (ended) => {
          const response = await ky.post(url, {
            body,
            headers: {
              'content-type': 'application/json',
              accept: 'application/json',
              authorization: `Bearer ${apiKey}`,
              'idempotency-key': ridendineIdempotencyKey(orderId),
            },
            retry: 0,
            throwHttpErrors: false,
            ...(fetch && { fetch }),
            redirect: 'manual',
            // ky's own time-out covers only the time until the headers. `deadline` covers the body, too.
            timeout: false,
            signal: ended,
          });
          return {
            status: response.status,
            body: await response.text(),
            retryAfter: response.headers.get('retry-after'),
          };
        });
        return readReply(answer, new Date());
      } catch (error) {
        throw explain(error, deadline, timeoutMs);
      }
    },
  };
}

function explain(error: unknown, deadline: AbortSignal, timeoutMs: number): unknown {
  if (error instanceof PartnerError) return error;
  const facts = { cause: error };
  if (deadline.aborted) {
    const message = `RideNDine did not answer within ${timeoutMs} ms.`;
    return new PartnerError('RideNDineUnavailable', 'maybeSent', message, facts);
  }
  return failedBeforeSending(error)
    ? new PartnerError('RideNDineUnavailable', 'notSent', 'RideNDine cannot be reached.', facts)
    : new PartnerError('RideNDineUnavailable', 'maybeSent', 'The connection to RideNDine was lost.', facts);
}
