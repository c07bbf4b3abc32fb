import ky from 'ky';
import { untilFirstAbort } from '../../cancellation/first-abort.ts';
import type { LinkIds } from '../../domain/order.ts';
import { ridendineIdempotencyKey } from '../../domain/ridendine-order.ts';
import { failedBeforeSending } from './connection-failure.ts';
import { RideNDineError, RideNDineUnavailableError } from './errors.ts';
import { readReply } from './reply.ts';

/** Below the partner's base address. */
export const CREATE_ORDER_PATH = '/orders/create';

export interface RideNDineClientOptions {
  baseUrl: string;
  apiKey: string;
  /** For the whole call, from connecting to the last byte of the answer. */
  timeoutMs: number;
  /** By which requests are made, if not by the usual one. */
  fetch?: typeof globalThis.fetch;
}

export interface RideNDineClient {
  /**
   * POST /orders/create, once. `body` is sent as it is, byte for byte.
   *
   * @throws {RideNDineError} saying why there is no order and whether one may exist all the same.
   */
  createOrder(call: { orderId: string; body: string; signal?: AbortSignal }): Promise<LinkIds>;
}

/** The HTTP edge to RideNDine. It never retries and follows no redirect: both are the workflow's to decide. */
export function createRideNDineClient(options: RideNDineClientOptions): RideNDineClient {
  const { baseUrl, apiKey, timeoutMs, fetch } = options;
  const url = `${baseUrl.replace(/\/+$/, '')}${CREATE_ORDER_PATH}`;
  return {
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
            // ky's own time-out ends with the headers; this one covers the body, too.
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
  if (error instanceof RideNDineError) return error;
  if (deadline.aborted) {
    return new RideNDineUnavailableError(`RideNDine did not answer within ${timeoutMs} ms.`, 'maybeSent', {
      cause: error,
    });
  }
  return failedBeforeSending(error)
    ? new RideNDineUnavailableError('RideNDine can not be reached.', 'notSent', { cause: error })
    : new RideNDineUnavailableError('The connection to RideNDine was lost.', 'maybeSent', { cause: error });
}
