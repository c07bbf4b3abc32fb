import { CancellationScope, CancelledFailure, isCancellation, patched } from '@temporalio/workflow';
import type { ApplicationFailure } from '@temporalio/workflow';
import type {
  CheckoutStanding,
  EndedStanding,
  OpenStanding,
  OrderRecord,
} from '../activities/order-creation-activities.ts';
import { isContinuation } from '../domain/order-creation.ts';
import type { OrderCreationInput } from '../domain/order-creation.ts';
import type { LinkIds, OrderCreationResult } from '../domain/order.ts';
import { beforeTheRecord, named } from './activity-options.ts';
import { openCancellation } from './cancellation.ts';
import type { AskedUntil } from './current-details.ts';
import { locallyFirst, passingStages, startDirectusSteps } from './directus-steps.ts';
import { mayExistAtRideNDine, readStepFailure, runFailure } from './failures.ts';
import type { StepFailure } from './failures.ts';
import { saveLinkIds } from './link.ts';
import { markAsEnded, markAsFailed, markAsItsRunEnded } from './order-marks.ts';
import { callPartner } from './partner-call.ts';
import { startProgress } from './progress.ts';
import { startSupport } from './support.ts';

/** The four steps of the brief, each with what is to be done when it fails for good. */
interface Steps {
  validateCheckout(): Promise<Exclude<CheckoutStanding, EndedStanding>>;
  createOrderRecord(standing: OpenStanding): Promise<OrderRecord>;
  createRideNDineOrder(order: OrderRecord): Promise<LinkIds>;
  saveLinkIds(order: OrderRecord, link: LinkIds): Promise<OrderCreationResult>;
  /** The order was linked by an earlier run: its ids are the answer. */
  answerAgain(result: OrderCreationResult): Promise<OrderCreationResult>;
}

/** Failures that say that this run has written no order, or one that is no longer its to end. */
const NOTHING_TO_MARK = new Set<string>([
  'QuoteAlreadyUsed',
  'IdempotencyKeyReused',
  'OrderNeedsReview',
  'OrderCancelled',
]);

/** An operator has reset our run, or somebody has changed the order: what we know of it is no longer its story. */
const movedOn: StepFailure = {
  code: 'OrderNeedsReview',
  reason: 'Somebody else has brought the order further. Send the same request again: a new run answers for it.',
  details: [],
};

/** Runs that an older version ended as failed all the same are told by this. */
const CANCELLED_WHILE_GIVEN_UP = 'cancelled-while-given-up';

export function startSteps(input: OrderCreationInput): Steps {
  const localSteps = locallyFirst();
  const progress = startProgress(input, { passingStages: passingStages(localSteps) });
  const directus = startDirectusSteps({ localSteps, beforeActivity: () => progress.publish() });
  const support = startSupport(progress, directus);
  const cancellation = openCancellation({ onAsked: () => progress.isBeingCancelled() });
  // Nobody has looked yet whether it was sent.
  if (isContinuation(input)) cancellation.refuseFromNowOn();

  const ended = async (failure: StepFailure): Promise<ApplicationFailure> => {
    progress.enter('FAILED', {}, failure);
    await cancellation.settle('ended otherwise');
    return runFailure(failure);
  };
  const cancelled = async (known: { order_id?: string }, message: string): Promise<CancelledFailure> => {
    progress.enter('CANCELLED', known);
    await cancellation.settle('cancelled');
    return new CancelledFailure(message);
  };

  const createOrderRecord = (standing: OpenStanding): Promise<OrderRecord> => {
    const about = {
      summary: `Create the Directus record of ${named(standing.order_id)}`,
      options: beforeTheRecord,
      // It changes an order that is there: the run must know of it to take it back.
      neverLocal: standing.kind === 'failed',
    };
    return directus.take('createOrderRecord', about, { request: input, standing });
  };

  const check = async (): Promise<CheckoutStanding> => {
    try {
      const about = { summary: 'Check the checkout', options: beforeTheRecord };
      const standing = await directus.take('validateCheckout', about, input);
      progress.identify(standing);
      return standing;
    } catch (error) {
      if (!cancellation.isAsked()) throw await ended(readStepFailure(error, 'DirectusUnavailable'));
      await cancellation.untilRequested();
      throw await cancelled({}, 'Cancelled before this run knew of an order.');
    }
  };

  /** It may be at RideNDine already: past the point where it could be cancelled, and nothing that a failure may end. */
  const takeOn = (standing: OpenStanding): Promise<OrderRecord> =>
    CancellationScope.nonCancellable(async () => {
      try {
        return await createOrderRecord(standing);
      } catch (error) {
        throw await ended(readStepFailure(error, 'DirectusUnavailable'));
      }
    });

  const create = async (standing: OpenStanding): Promise<OrderRecord> => {
    let failure: StepFailure | undefined;
    try {
      const order = await createOrderRecord(standing);
      if (!cancellation.isAsked()) {
        cancellation.refuseFromNowOn();
        return order;
      }
    } catch (error) {
      if (!isCancellation(error)) failure = readStepFailure(error, 'DirectusUnavailable');
    }
    if (failure && NOTHING_TO_MARK.has(failure.code)) throw await ended(failure);
    progress.publish();
    if (failure && !cancellation.isAsked()) {
      progress.isGivenUp(failure);
      const marked = await markAsEnded({ input, standing }, 'FAILED', { failure });
      // That may take as long as Directus is away, and the order can be cancelled meanwhile.
      if (!cancellation.isAsked() || !patched(CANCELLED_WHILE_GIVEN_UP)) {
        throw await ended(marked.kind === 'left' ? movedOn : failure);
      }
    }
    await cancellation.untilRequested();
    const marked = await markAsEnded({ input, standing }, 'CANCELLED', { action: cancellation.by });
    if (marked.kind === 'left') throw await ended(movedOn);
    throw await cancelled({ order_id: standing.order_id }, 'Cancelled before the order was sent to RideNDine.');
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
      return result;
    },

    async createOrderRecord(standing) {
      switch (standing.kind) {
        case 'new':
        case 'failed':
          progress.enter('CREATING_RECORD', { store_id: standing.checkout.store_id });
          return await create(standing);
        case 'unfinished': {
          cancellation.refuseFromNowOn();
          const { order_id, store_id } = standing;
          progress.enter('CREATING_RECORD', { order_id, is_taken_on: true, ...(store_id !== null && { store_id }) });
          return await takeOn(standing);
        }
      }
    },

    createRideNDineOrder(order) {
      return CancellationScope.nonCancellable(async () => {
        let failure: StepFailure | undefined = order.review ? { ...order.review, details: [] } : undefined;
        for (let isAsked = false; ; isAsked = true) {
          if (!failure) {
            progress.enter('CREATING_RIDENDINE_ORDER', {
              order_id: order.order_id,
              asked_until: askedUntil(order, isAsked),
            });
            try {
              return await callPartner(order, isAsked);
            } catch (error) {
              failure = readStepFailure(error, 'RideNDineUnavailable');
            }
            if (NOTHING_TO_MARK.has(failure.code)) throw await ended(failure);
            if (!mayExistAtRideNDine(failure)) {
              const marked = await markAsFailed(order, failure);
              throw await ended(marked.kind === 'left' ? movedOn : failure);
            }
          }
          const answer = await support.ask(order, failure);
          if (answer.kind === 'linked') return answer.link;
          if (answer.stored) return answer.stored;
          failure = undefined;
        }
      });
    },

    saveLinkIds(order, link) {
      return CancellationScope.nonCancellable(async () => {
        let ids = link;
        for (;;) {
          progress.enter('SAVING_LINK', ids);
          try {
            const result = await saveLinkIds(directus, order.order_id, ids);
            progress.enter('LINKED', idsOf(result));
            return result;
          } catch (error) {
            const answer = await support.ask(order, readStepFailure(error, 'LinkConflict'));
            if (answer.kind === 'linked') ids = answer.link;
          }
        }
      });
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
