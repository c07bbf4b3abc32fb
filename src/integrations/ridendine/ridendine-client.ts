import ky from 'ky';
import type { LinkIds } from '../../domain/order.ts';
import { ridendineIdempotencyKey } from '../../domain/ridendine-order.ts';
import { failedBeforeSending } from './connection-failure.ts';
import { RideNDineError, RideNDineUnavailableError } from './errors.ts';
import { readReply } from './reply.ts';

export interface RideNDineClientOptions {
  baseUrl: string;
  apiKey: string;
  /** For the whole call, from connecting to the last byte of the answer. */
  timeoutMs: number;
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
export function createRideNDineClient({ baseUrl, apiKey, timeoutMs }: RideNDineClientOptions): RideNDineClient {
  const url = `${baseUrl.replace(/\/+$/, '')}/orders/create`;
  return {
    async createOrder({ orderId, body, signal }) {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
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
          redirect: 'manual',
          // ky's own time-out ends with the headers; this one covers the body, too.
          timeout: false,
          signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
        });
        const answer = {
          status: response.status,
          body: await response.text(),
          retryAfter: response.headers.get('retry-after'),
        };
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
