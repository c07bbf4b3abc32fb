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
 * Checks the result of a run. Anybody who may write to the namespace can start any workflow under an order's workflow
 * id, with any result. A caller must not get such a result as a payment session.
 *
 * @throws {TemporalUnavailableError} if `result` is not the result of an order creation.
 */
export function readResult(result: unknown): OrderCreationRunResult {
  const read = resultSchema.safeParse(result);
  if (read.success) return read.data;
  throw new TemporalUnavailableError('The run under this idempotency key is not an order creation. Call support.');
}
