import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities } from '../../src/activities/create-activities.ts';
import type { LinkCorrectionActivities } from '../../src/activities/correct-link.ts';
import type { OrderRuns } from '../../src/activities/order-runs.ts';
import type { OpenStanding, OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../../src/integrations/ridendine/ridendine-client.ts';

/** The activities that use Directus, as a worker runs them, but without log lines for failures. */
export type DirectusActivities = Omit<
  OrderCreationActivities,
  'createRideNDineOrder' | 'waitWhilePaused' | 'stopPartnerAttempts' | 'requestCancellation'
> &
  LinkCorrectionActivities;

export function workerActivities(options: {
  url: string;
  token: string;
  timeoutMs?: number;
  /** The run in whose name the activities work. */
  runId?: string;
  /** Default: the workflow id of the idempotency key in the input. */
  workflowId?: string;
  /** What Temporal knows of the failure of the run that wrote an order. Default: nothing. */
  findFailure?: OrderRuns['findFailure'];
}): DirectusActivities {
  const { url, token, timeoutMs = 10_000, runId = 'run-1', workflowId, findFailure = async () => null } = options;
  const run = runsFor(runId, workflowId);
  const activities = createActivities({
    orders: createOrdersStore(connectDirectus({ url, token, timeoutMs })),
    runs: {
      continueOrder: async () => 'is open',
      decide: async () => null,
      requestCancellation: async () => {},
      stopAttempts: async () => null,
      findFailure,
    },
    partner: createRideNDineClient({ baseUrl: 'http://ridendine.invalid', apiKey: 'unused', timeoutMs: 1000 }),
    pause: () => null,
    deadlines: {
      ridendineTimeoutMs: 10_000,
      ridendineIdempotencyTtlMs: 86_400_000,
      ridendineIdempotencyMarginMs: 3_600_000,
      quoteGraceMs: 300_000,
      reviewWindowMs: 604_800_000,
    },
    links: { directusPublicUrl: 'https://directus.example.com', runbookUrl: 'https://runbook.example.com/support' },
  });
  return {
    validateCheckout: run((request) => activities.validateCheckout(request)),
    createOrderRecord: run((input) => activities.createOrderRecord(input)),
    saveLinkIds: run((input) => activities.saveLinkIds(input)),
    markOrder: run((mark) => activities.markOrder(mark)),
    cancelCheckout: run((input) => activities.cancelCheckout(input)),
    correctLink: run((input) => activities.correctLink(input)),
  };
}

function runsFor(runId: string, workflowId: string | undefined) {
  return <Input, Output>(activity: (input: Input) => Promise<Output>): ((input: Input) => Promise<Output>) =>
    (input) => {
      const workflowExecution = { workflowId: workflowId ?? `order-creation-${keyIn(input)}`, runId };
      const environment = new MockActivityEnvironment(
        { workflowExecution },
        { logger: new DefaultLogger('ERROR', () => {}) },
      );
      return environment.run<[Input], Output, typeof activity>(activity, input);
    };
}

function keyIn(input: unknown): string {
  const { idempotency_key, request } = (input ?? {}) as { idempotency_key?: string; request?: CheckoutRequest };
  return String(idempotency_key ?? request?.idempotency_key).toLowerCase();
}

/** The input of `createOrderRecord` for a checkout that has no link yet. @throws if the order is linked already. */
export async function openStanding(worker: DirectusActivities, request: CheckoutRequest): Promise<OpenStanding> {
  const standing = await worker.validateCheckout(request);
  if (standing.kind === 'linked') throw new Error('The order is linked already.');
  return standing;
}

/** @returns the ApplicationFailure of one attempt. @throws if the attempt succeeds, or fails in another way. */
export async function failureOf(running: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await running.then(
    (result) => new Error(`The activity succeeded: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof ApplicationFailure) return error;
  throw error;
}
