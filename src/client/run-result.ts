import { z } from 'zod';
import type { OrderCreationRunResult } from '../domain/order.ts';
import { TemporalUnavailableError } from './errors.ts';

const resultSchema: z.ZodType<OrderCreationRunResult> = z.object({
  order_id: z.string(),
  ridendine_order_id: z.string(),
  payment_session_id: z.string(),
  status: z.string(),
  payment_status: z.string(),
  replayed: z.literal(true).optional(),
});

/**
 * The result of a run. Whoever may write to the namespace can start anything under an order's workflow id, and close it
 * with anything: a caller must not take that for a payment session.
 *
 * @throws {TemporalUnavailableError} if it is not that of an order creation.
 */
export function readResult(result: unknown): OrderCreationRunResult {
  const read = resultSchema.safeParse(result);
  if (read.success) return read.data;
  throw new TemporalUnavailableError('The run under this idempotency key is none of an order creation. Call support.');
}
