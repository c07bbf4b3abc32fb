import { CancellationScope } from '@temporalio/workflow';
import type { OrderCreationRunResult } from '../domain/order.ts';
import type { OrderCreationInput } from '../domain/order-creation.ts';
import { startSteps } from './steps.ts';

/**
 * One confirmed checkout becomes exactly one order in Directus and one at RideNDine, linked to each other, whatever
 * crashes, times out or is clicked twice.
 *
 * - It closes as `Completed` with the ids of both orders, once they are linked.
 * - It closes as `Failed`, its failure's `type` a `FailureCode`, only when it is certain that RideNDine has no order or
 *   support staff abandoned it, and only after the order in Directus says so. The one exception is a run that was to
 *   continue an order and could not read it for half an hour: the order stays as it is, and the sweep comes back to it.
 * - It closes as `Cancelled` if that was asked for and it is certain that RideNDine has no order, and only after Directus
 *   says so under the idempotency key: it is final for the key.
 * - Where nobody can tell whether RideNDine has the order, it waits for the update `resolveReview` instead of guessing.
 */
export async function orderCreation(input: OrderCreationInput): Promise<OrderCreationRunResult> {
  const steps = startSteps(input);
  // A request to cancel breaks off only what the steps let it break off.
  return await CancellationScope.nonCancellable(async () => {
    const standing = await steps.validateCheckout();
    if (standing.kind === 'linked') return await steps.answerAgain(standing.result);
    const order = await steps.createOrderRecord(standing);
    const link = await steps.createRideNDineOrder(order);
    return await steps.saveLinkIds(order, link);
  });
}
