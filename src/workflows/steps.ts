import { CancelledFailure, isCancellation } from '@temporalio/workflow';
import type { ApplicationFailure } from '@temporalio/workflow';
import type {
  CheckoutStanding,
  EndedStanding,
  OpenStanding,
  OrderRecord,
} from '../activities/order-creation-activities.ts';
import type { OrderCreationInput } from '../domain/order-creation.ts';
import type { LinkIds, OrderCreationResult, OrderCreationRunResult } from '../domain/order.ts';
import { beforeTheRecord, named } from './activity-options.ts';
import { openCancellation } from './cancellation.ts';
import type { AskedUntil } from './current-details.ts';
import { passingStages, startDirectusSteps } from './directus-steps.ts';
import { mayExistAtRideNDine, readStepFailure, runFailure } from './failures.ts';
import type { StepFailure } from './failures.ts';
import { saveLinkIds } from './link.ts';
import { cancelCheckout, markAsCancelled, markAsEnded, markAsFailed, markAsItsRunEnded } from './order-marks.ts';
import { callPartner } from './partner-call.ts';
import { startProgress } from './progress.ts';
import { startSupport } from './support.ts';

/** The four steps of the brief, each with what is to be done when it fails for good or somebody cancels the order. */
interface Steps {
  validateCheckout(): Promise<FoundStanding>;
  createOrderRecord(standing: OpenStanding): Promise<OrderRecord>;
  createRideNDineOrder(order: OrderRecord): Promise<LinkIds>;
  saveLinkIds(order: OrderRecord, link: LinkIds): Promise<OrderCreationResult>;
  /** The order was linked by an earlier run: its ids are the answer. */
  answerAgain(result: OrderCreationResult): Promise<OrderCreationRunResult>;
}

type FoundStanding = Exclude<CheckoutStanding, EndedStanding>;

/** Failures that say that this run has written no order, or one that is no longer its to end. */
const NOTHING_TO_MARK = new Set<string>([
  'QuoteAlreadyUsed',
  'IdempotencyKeyReused',
  'OrderNeedsReview',
  'OrderCancelled',
]);

/** Failures for which the key belongs to an order that a request to cancel must not touch. */
const KEY_IS_TAKEN = new Set<string>(['IdempotencyKeyReused', 'OrderNeedsReview', 'OrderCancelled']);

/** Failures that are over once somebody has mended Directus. */
const DIRECTUS_TROUBLE = new Set<string>(['DirectusUnavailable', 'DirectusRejected']);

/** An operator has reset our run, or somebody has changed the order: what we know of it is no longer its story. */
const movedOn: StepFailure = {
  code: 'OrderNeedsReview',
  reason: 'Somebody else has brought the order further. Send the same request again: a new run answers for it.',
  details: [],
};

export function startSteps(input: OrderCreationInput): Steps {
  const progress = startProgress(input, { passingStages });
  const directus = startDirectusSteps({ beforeActivity: () => progress.publish() });
  const cancellation = openCancellation({
    onAsked: (action) => progress.isBeingCancelled(action),
    onIgnored: () => progress.ignoresCancellation(),
  });
  const support = startSupport(progress, directus, cancellation);

  const ended = async (failure: StepFailure): Promise<ApplicationFailure> => {
    progress.enter('FAILED', {}, failure);
    await cancellation.settle('ended otherwise');
    return runFailure(failure);
  };
  const cancelled = async (orderId: string): Promise<CancelledFailure> => {
    progress.enter('CANCELLED', { order_id: orderId });
    await cancellation.settle('cancelled');
    return new CancelledFailure('Cancelled before RideNDine had the order.');
  };

  const check = async (): Promise<CheckoutStanding> => {
    let failure: StepFailure | undefined;
    try {
      const about = { summary: 'Check the checkout', options: beforeTheRecord };
      const standing = await cancellation.scope.run(() => directus(about, (steps) => steps.validateCheckout(input)));
      progress.identify(standing);
      return standing;
    } catch (error) {
      if (!isCancellation(error)) failure = readStepFailure(error, 'DirectusUnavailable');
    }
    if (failure && (!cancellation.isAsked() || KEY_IS_TAKEN.has(failure.code))) throw await ended(failure);
    return await cancelUnknown();
  };

  /** The run knows of no order, and Directus is to say under the key that it is cancelled. */
  const cancelUnknown = async (): Promise<CheckoutStanding> => {
    progress.publish();
    const standing = await cancelCheckout(input, cancellation.action).catch(async (error: unknown) => {
      throw await ended(readStepFailure(error, 'DirectusUnavailable'));
    });
    progress.identify(standing);
    if (standing.kind === 'cancelled') throw await cancelled(standing.order_id);
    return standing;
  };

  const createOrderRecord = (standing: OpenStanding): Promise<OrderRecord> => {
    const about = {
      summary: `Create the Directus record of ${named(standing.order_id)}`,
      options: beforeTheRecord,
      // It changes an order that is there: the run must know of it to take it back.
      neverLocal: standing.kind === 'failed',
    };
    return directus(about, (steps) => steps.createOrderRecord({ request: input, standing }));
  };

  /** RideNDine may have it already: nothing that a failure may end, nor a request to cancel. */
  const takeOn = async (standing: OpenStanding): Promise<OrderRecord> => {
    for (;;) {
      try {
        return await createOrderRecord(standing);
      } catch (error) {
        const failure = readStepFailure(error, 'DirectusUnavailable');
        // Somebody waits for the order to come to review.
        if (cancellation.isAsked() && DIRECTUS_TROUBLE.has(failure.code)) continue;
        throw await ended(failure);
      }
    }
  };

  const create = async (standing: OpenStanding): Promise<OrderRecord> => {
    let failure: StepFailure | undefined;
    try {
      const order = await cancellation.scope.run(() => createOrderRecord(standing));
      if (!cancellation.isAsked()) return order;
    } catch (error) {
      if (!isCancellation(error)) failure = readStepFailure(error, 'DirectusUnavailable');
    }
    // One that is cancelled is so for the key, also where this run has written nothing.
    const notOurs = cancellation.isAsked() ? KEY_IS_TAKEN : NOTHING_TO_MARK;
    if (failure && notOurs.has(failure.code)) throw await ended(failure);
    progress.publish();
    if (failure && !cancellation.isAsked()) {
      progress.isGivenUp(failure);
      const marked = await markAsEnded({ input, standing }, 'FAILED', { failure });
      // That may take as long as Directus is away, and the order can be cancelled meanwhile.
      if (!cancellation.isAsked()) throw await ended(marked.kind === 'left' ? movedOn : failure);
    }
    const marked = await markAsEnded({ input, standing }, 'CANCELLED', { action: cancellation.action });
    if (marked.kind === 'marked') throw await cancelled(standing.order_id);
    // After a reset our words count no more, or Directus refuses the order as it would have been: the key is what counts.
    const found = await cancelUnknown();
    if (found.kind !== 'unfinished') throw await ended(movedOn);
    return await takeOn(found);
  };

  /** RideNDine has nothing. @returns `undefined` if the order is to come to review all the same. */
  const endUnsent = async (
    order: OrderRecord,
    failure: StepFailure,
  ): Promise<ApplicationFailure | CancelledFailure | undefined> => {
    if (!cancellation.isAsked()) {
      const marked = await markAsFailed(order, failure);
      // That may take as long as Directus is away, and the order can be cancelled meanwhile.
      if (!cancellation.isAsked()) return await ended(marked.kind === 'left' ? movedOn : failure);
    }
    const marked = await markAsCancelled(order, cancellation.action);
    if (marked.kind === 'marked') return await cancelled(order.order_id);
    // After a reset our words count no more, and other runs may have sent the order.
    const found = await cancelUnknown();
    return found.kind === 'unfinished' ? undefined : await ended(movedOn);
  };

  return {
    async validateCheckout() {
      for (let wasLeft = false; ;) {
        const standing = await check();
        if (standing.kind !== 'ended') return standing;
        const { kind } = await markAsItsRunEnded(standing);
        // Once is for a run that was reset meanwhile.
        if (kind === 'left' && wasLeft) throw await ended(movedOn);
        wasLeft = kind === 'left';
      }
    },

    async answerAgain(result) {
      progress.enter('LINKED', idsOf(result));
      await cancellation.settle('ended otherwise');
      return { ...result, replayed: true };
    },

    async createOrderRecord(standing) {
      switch (standing.kind) {
        case 'new':
        case 'failed':
          progress.enter('CREATING_RECORD', { store_id: standing.checkout.store_id });
          return await create(standing);
        case 'unfinished': {
          const { order_id, store_id } = standing;
          progress.enter('CREATING_RECORD', { order_id, is_taken_on: true, ...(store_id !== null && { store_id }) });
          return await takeOn(standing);
        }
      }
    },

    async createRideNDineOrder(order) {
      let failure: StepFailure | undefined = order.review ? { ...order.review, details: [] } : undefined;
      for (let isAsked = false; ; isAsked = true) {
        if (!failure) {
          progress.enter('CREATING_RIDENDINE_ORDER', {
            order_id: order.order_id,
            asked_until: askedUntil(order, isAsked),
          });
          try {
            const link = await callPartner(order, { isAsked, cancellation });
            cancellation.refuse('created');
            return link;
          } catch (error) {
            failure = readStepFailure(error, 'RideNDineUnavailable');
          }
          if (NOTHING_TO_MARK.has(failure.code)) throw await ended(failure);
          const end = mayExistAtRideNDine(failure) ? undefined : await endUnsent(order, failure);
          if (end) throw end;
        }
        const answer = await support.ask(order, failure);
        if (answer.kind === 'linked') return answer.link;
        if (answer.stored) return answer.stored;
        failure = undefined;
      }
    },

    async saveLinkIds(order, link) {
      let ids = link;
      for (;;) {
        cancellation.refuse('created');
        progress.enter('SAVING_LINK', ids);
        try {
          const result = await saveLinkIds(directus, order.order_id, ids);
          progress.enter('LINKED', idsOf(result));
          await cancellation.settle('ended otherwise');
          return result;
        } catch (error) {
          const answer = await support.ask(order, readStepFailure(error, 'LinkConflict'));
          if (answer.kind === 'linked') ids = answer.link;
        }
      }
    },
  };
}

function idsOf({ order_id, ridendine_order_id, payment_session_id }: OrderCreationResult) {
  return { order_id, ridendine_order_id, payment_session_id };
}

/** @param isAsked whether support staff want the call: when its time is over, it is made once. */
function askedUntil(order: OrderRecord, isAsked: boolean): AskedUntil {
  const { not_sent_deadline, key_deadline, maybe_sent_before } = order;
  if (isAsked && Date.parse(key_deadline) <= Date.now()) return 'once';
  return { maybe_sent: key_deadline, ...(!maybe_sent_before && !isAsked && { not_sent: not_sent_deadline }) };
}
