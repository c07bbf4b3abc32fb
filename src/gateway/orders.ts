import type { CheckoutRequestInput, CreateOrderOutcome, OrderView } from '../client/index.ts';

/** What a request hands on to the order creation. */
export interface CreateOrderOptions {
  /** How long to wait for the result. */
  timeoutMs: number;
  /** Aborted when nobody waits any more; the order creation goes on all the same. */
  signal?: AbortSignal;
  /** W3C Trace Context of the caller. */
  traceparent?: string;
  requestId?: string;
}

/** The part of the client library that this service stands on. */
export interface Orders {
  createOrder(input: CheckoutRequestInput, options: CreateOrderOptions): Promise<CreateOrderOutcome>;
  getOrder(idempotencyKey: string): Promise<OrderView>;
}
