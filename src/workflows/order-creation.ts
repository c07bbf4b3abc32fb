import { CancellationScope, CancelledFailure, isCancellation } from '@temporalio/workflow';
import type {
  LinkedStanding,
  OpenStanding,
  OrderMark,
  OrderRecord,
  UnfinishedStanding,
} from '../activities/order-creation-activities.ts';
import { failures } from '../domain/failures.ts';
import type { OrderCreationInput } from '../contract/runs.ts';
import type { LinkIds, OrderCreationResult, OrderCreationRunResult } from '../domain/order.ts';
import { openCancellation } from './cancellation.ts';
import type { Cancellation } from './cancellation.ts';
import { startDirectusSteps } from './directus-steps.ts';
import type { DirectusSteps } from './directus-steps.ts';
import { askedUntil, callPartner } from './partner-call.ts';
import { openReview } from './review.ts';
import type { Review } from './review.ts';
import { startStatus } from './status.ts';
import type { RunStatus } from './status.ts';
import { mayExistAtRideNDine, readStepFailure, reasonFields, runFailure } from './step-failure.ts';
import type { StepFailure } from './step-failure.ts';

/**
 * One confirmed checkout becomes exactly one order in Directus and one at RideNDine, linked to each other, whatever
 * crashes, times out or is clicked twice.
 *
 * - The run closes as `Completed` with the ids of both orders, once they are linked.
 * - The run closes as `Failed` only if RideNDine certainly has no order or support staff abandoned the order, and only
 *   after the order in Directus says so. The failure's `type` is a `FailureCode`. There are two exceptions. If the run
 *   could not read its order for half an hour, the order stays as it is, and the sweep comes back to it. If somebody
 *   else has changed the order ({@link changedElsewhere}), the run leaves the order to them.
 * - The run closes as `Cancelled` if somebody asked for that and RideNDine certainly has no order, and only after
 *   Directus says so under the idempotency key. That is final for the key.
 * - If nobody can tell whether RideNDine has the order, the run waits for the update `resolveReview` instead of
 *   guessing.
 */
export async function orderCreation(input: OrderCreationInput): Promise<OrderCreationRunResult> {
  const run = startRun(input);
  // A request to cancel interrupts only what a step allows: see `untilCancelled` and `callPartner`.
  return await CancellationScope.nonCancellable(async () => {
    const standing = await validateCheckout(run);
    if (standing.kind === 'linked') return await answerAgain(run, standing);
    const order = await createOrderRecord(run, standing);
    const link = await createRideNDineOrder(run, order);
    return await saveLinkIds(run, order, link);
  });
}

interface Run {
  input: OrderCreationInput;
  status: RunStatus;
  directus: DirectusSteps;
  cancellation: Cancellation;
  review: Review;
}

function startRun(input: OrderCreationInput): Run {
  const status = startStatus(input);
  const directus = startDirectusSteps(input, status);
  const cancellation = openCancellation(status);
  return { input, status, directus, cancellation, review: openReview({ status, directus, cancellation }) };
}

/**
 * Step 3.1. Tried for 30 minutes.
 * - A rule is broken, or Directus does not answer: the run fails. If a lost attempt of this run wrote the order and a
 *   rule is broken, the order is `FAILED` first.
 * - Cancelled: Directus says so under the key, unless another checkout has the key or its order has ended for good.
 */
async function validateCheckout(run: Run): Promise<OpenStanding | LinkedStanding> {
  const { value: standing, failure } = await untilCancelled(run, () => run.directus.validateCheckout());
  if (standing) {
    run.status.identify(standing);
    return standing;
  }
  if (failure && (!run.cancellation.isAsked() || finalFor(failure) === 'key')) return await fail(run, failure);
  return await cancelCheckout(run);
}

/** An earlier run linked the order: its ids are the answer. */
async function answerAgain({ status, cancellation }: Run, { result }: LinkedStanding): Promise<OrderCreationRunResult> {
  status.enter('LINKED', idsOf(result));
  await cancellation.settle('ended otherwise');
  return { ...result, replayed: true };
}

/**
 * Step 3.2. Tried for 30 minutes.
 * - The quote or the key is used up: the run fails, and has written no order.
 * - Directus refuses the order or does not answer: the order is `FAILED`, then the run fails.
 * - Cancelled: the order is `CANCELLED`.
 *
 * RideNDine may have an order that an earlier run left half-way, so no failure of this step ends such an order.
 */
async function createOrderRecord(run: Run, standing: OpenStanding): Promise<OrderRecord> {
  if (standing.kind === 'unfinished') return await continueOrder(run, standing);
  run.status.enter('CREATING_RECORD', { store_id: standing.checkout.store_id });
  const { value: order, failure } = await untilCancelled(run, () => run.directus.createOrderRecord(standing));
  if (order && !run.cancellation.isAsked()) return order;
  // If somebody asked to cancel, `CANCELLED` must be written under the key even if the quote is used up.
  if (failure && (run.cancellation.isAsked() ? finalFor(failure) === 'key' : finalFor(failure))) {
    return await fail(run, failure);
  }
  run.status.publish();
  return await continueOrder(run, await endUnsent(run, standing, failure));
}

async function continueOrder(run: Run, standing: UnfinishedStanding): Promise<OrderRecord> {
  const { order_id, store_id } = standing;
  run.status.enter('CREATING_RECORD', { order_id, is_continuation: true, ...(store_id !== null && { store_id }) });
  for (;;) {
    try {
      return await run.directus.createOrderRecord(standing);
    } catch (error) {
      const failure = readStepFailure(error, 'DirectusUnavailable');
      const isDirectusTrouble = failures[failure.code].fault === 'directus';
      // Whoever asked to cancel the order waits for an answer, so the run tries again until the order is in review.
      if (!(isDirectusTrouble && run.cancellation.isAsked())) return await fail(run, failure);
    }
  }
}

/**
 * Step 3.3. Tried until the order's deadlines. Once RideNDine may have forgotten the key, only support staff can decide
 * to make one more call.
 * - Refused or out of time, and no attempt can have arrived: the order is `FAILED` or, if asked for, `CANCELLED`.
 * - An attempt may have arrived: `NEEDS_REVIEW`, until support staff decide.
 * - Cancelled: no further attempt begins. If the attempt under way brings no ids, one of the two cases above applies.
 */
async function createRideNDineOrder(run: Run, order: OrderRecord): Promise<LinkIds> {
  let failure: StepFailure | undefined = order.review ? { ...order.review, details: {} } : undefined;
  for (let afterReview = false; ; afterReview = true) {
    if (!failure) {
      run.status.enter('CREATING_RIDENDINE_ORDER', {
        order_id: order.order_id,
        asked_until: askedUntil(order, afterReview),
      });
      try {
        return await run.status.tell('createRideNDineOrder', () =>
          callPartner(order, { afterReview, cancellation: run.cancellation, status: run.status }),
        );
      } catch (error) {
        failure = readStepFailure(error, 'RideNDineUnavailable');
      }
      if (finalFor(failure)) return await fail(run, failure);
      if (!mayExistAtRideNDine(failure)) await endUnsent(run, order, failure);
    }
    const { link } = await run.review.decide(order, failure);
    if (link) return link;
    failure = undefined;
  }
}

/** Step 3.4. Tried until it succeeds, because RideNDine has the order. `LinkConflict` leads to `NEEDS_REVIEW`. */
async function saveLinkIds(run: Run, order: OrderRecord, link: LinkIds): Promise<OrderCreationResult> {
  for (let ids = link; ;) {
    run.cancellation.refuse('created');
    run.status.enter('SAVING_LINK', ids);
    try {
      const result = await run.directus.saveLinkIds(order.order_id, ids);
      run.status.enter('LINKED', idsOf(result));
      await run.cancellation.settle('ended otherwise');
      return result;
    } catch (error) {
      const { decision, link: decided } = await run.review.decide(order, readStepFailure(error, 'LinkConflict'));
      if (decision === 'link') ids = decided;
    }
  }
}

/** An order that RideNDine certainly does not have. */
type UnsentOrder = Exclude<OpenStanding, UnfinishedStanding> | OrderRecord;

/** For a run that was reset, or whose order somebody changed: what the run knows about the order is outdated. */
const changedElsewhere: StepFailure = {
  code: 'OrderNeedsReview',
  reason: 'Somebody else has changed the order. Send the same request again: a new run answers it.',
  details: {},
};

/**
 * Ends an order that RideNDine does not have, and the run: `FAILED`, or `CANCELLED` if somebody asked for that.
 *
 * @returns the order to continue, only if the run was reset and another run may have sent the order. Otherwise throws.
 */
async function endUnsent(run: Run, order: UnsentOrder, failure: StepFailure | undefined): Promise<UnfinishedStanding> {
  const { status, directus, cancellation, input } = run;
  const mark = {
    order_id: order.order_id,
    found_by_run: order.run_id,
    // Only a new order may be missing in Directus. An order that failed before exists already.
    ...('kind' in order && order.kind === 'new' && { if_missing: { request: input, checkout: order.checkout } }),
  } satisfies Partial<OrderMark>;
  if (failure && !cancellation.isAsked()) {
    status.isGivenUp(failure);
    const { kind } = await directus.markOrder({ ...mark, status: 'FAILED', ...reasonFields(failure) });
    // Directus may be away for long. Somebody may cancel the order meanwhile.
    if (!cancellation.isAsked()) return await fail(run, kind === 'left' ? changedElsewhere : failure);
  }
  const { action } = cancellation;
  const { kind } = await directus.markOrder({
    ...mark,
    status: 'CANCELLED',
    ...reasonFields(undefined),
    ...(action && { support_action: action }),
  });
  if (kind === 'marked') return await cancel(run, order.order_id);
  // The mark was not written: the run was reset, somebody changed the order, or Directus refuses the row. Then the
  // order that Directus has under the key decides.
  const found = await cancelCheckout(run);
  return found.kind === 'unfinished' ? found : await fail(run, changedElsewhere);
}

/** Cancels the checkout under the key, and then the run. @returns the order, if there is one that must not end. */
async function cancelCheckout(run: Run): Promise<LinkedStanding | UnfinishedStanding> {
  run.status.publish();
  const found = await run.directus
    .cancelCheckout(run.cancellation.action)
    .catch((error: unknown) => fail(run, readStepFailure(error, 'DirectusUnavailable')));
  run.status.identify(found);
  return found.kind === 'cancelled' ? await cancel(run, found.order_id) : found;
}

/** Makes a step that a request to cancel interrupts. @returns neither a value nor a failure if a request did. */
async function untilCancelled<Value>(
  { cancellation }: Run,
  step: () => Promise<Value>,
): Promise<{ value?: Value; failure?: StepFailure }> {
  try {
    return { value: await cancellation.scope.run(step) };
  } catch (error) {
    return isCancellation(error) ? {} : { failure: readStepFailure(error, 'DirectusUnavailable') };
  }
}

async function fail({ status, cancellation }: Run, failure: StepFailure): Promise<never> {
  const { order_id } = failure.details;
  // An order that was cancelled earlier stays `CANCELLED` for look-ups.
  const stage = failure.code === 'OrderCancelled' ? 'CANCELLED' : 'FAILED';
  status.enter(stage, order_id === undefined ? {} : { order_id }, failure);
  await cancellation.settle('ended otherwise');
  throw runFailure(failure);
}

async function cancel({ status, cancellation }: Run, orderId: string): Promise<never> {
  status.enter('CANCELLED', { order_id: orderId });
  await cancellation.settle('cancelled');
  throw new CancelledFailure('Cancelled before RideNDine had the order.');
}

function finalFor({ code }: StepFailure): 'key' | 'quote' | null {
  return failures[code].finalFor;
}

function idsOf({ order_id, ridendine_order_id, payment_session_id }: OrderCreationResult) {
  return { order_id, ridendine_order_id, payment_session_id };
}
