import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities } from '../../src/activities/create-activities.ts';
import type { OpenStanding, OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../../src/integrations/ridendine/ridendine-client.ts';

/** The activities that write to Directus, as a worker runs them, though without a line in the log for each failure. */
export type DirectusActivities = Omit<OrderCreationActivities, 'createRideNDineOrder'>;

export function workerActivities(options: { url: string; token: string; timeoutMs?: number }): DirectusActivities {
  const { url, token, timeoutMs = 10_000 } = options;
  const activities = createActivities({
    orders: createOrdersStore(connectDirectus({ url, token, timeoutMs })),
    ridendine: createRideNDineClient({ baseUrl: 'http://ridendine.invalid', apiKey: 'unused', timeoutMs: 1000 }),
    deadlines: {
      ridendineTimeoutMs: 10_000,
      ridendineIdempotencyTtlMs: 86_400_000,
      ridendineIdempotencyMarginMs: 3_600_000,
      quoteGraceMs: 300_000,
    },
  });
  return {
    validateCheckout: attempt((request) => activities.validateCheckout(request)),
    createOrderRecord: attempt((input) => activities.createOrderRecord(input)),
    saveLinkIds: attempt((input) => activities.saveLinkIds(input)),
    markOrder: attempt((mark) => activities.markOrder(mark)),
  };
}

function attempt<Input, Output>(activity: (input: Input) => Promise<Output>): (input: Input) => Promise<Output> {
  return (input) => {
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    return environment.run<[Input], Output, typeof activity>(activity, input);
  };
}

/** What `createOrderRecord` is given for a checkout that has no link yet. */
export async function openStanding(worker: DirectusActivities, request: CheckoutRequest): Promise<OpenStanding> {
  const standing = await worker.validateCheckout(request);
  if (standing.standing === 'linked') throw new Error('The order is linked already.');
  return standing;
}

/** How a single attempt fails, if it fails as an activity may. */
export async function failureOf(running: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await running.then(
    (result) => new Error(`The activity succeeded: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof ApplicationFailure) return error;
  throw error;
}
