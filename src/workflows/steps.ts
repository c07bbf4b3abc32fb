import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type {
  CheckoutStanding,
  OpenStanding,
  OrderCreationActivities,
  OrderMark,
  OrderRecord,
} from '../activities/order-creation-activities.ts';
import type { CheckoutRequest } from '../domain/checkout-request.ts';
import type { LinkIds, OrderCreationResult } from '../domain/order.ts';
import { afterTheRecord, beforeTheRecord, partnerBackoff } from './activity-options.ts';
import { mayExistAtRideNDine, readStepFailure, runFailure } from './failures.ts';
import type { StepFailure } from './failures.ts';
import { startProgress } from './progress.ts';
import { openReview } from './review.ts';

/** The four steps of the brief, each with what is to be done when it fails for good. */
interface Steps {
  validateCheckout(): Promise<CheckoutStanding>;
  createOrderRecord(standing: OpenStanding): Promise<PartnerStep>;
  createRideNDineOrder(step: PartnerStep): Promise<LinkIds>;
  saveLinkIds(step: PartnerStep, link: LinkIds): Promise<OrderCreationResult>;
  /** The order was linked by an earlier run: its ids are the answer. */
  answerAgain(result: OrderCreationResult): OrderCreationResult;
}

/** An order that is about to go to RideNDine. */
interface PartnerStep {
  order: OrderRecord;
  /** An earlier run was lost while it waited for support staff: theirs is the next word. */
  startsInReview: boolean;
}

const { validateCheckout } = proxyActivities<OrderCreationActivities>({
  ...beforeTheRecord,
  summary: 'Check the checkout',
});
const { createOrderRecord } = proxyActivities<OrderCreationActivities>({
  ...beforeTheRecord,
  summary: 'Create the order in Directus',
});
const { saveLinkIds } = proxyActivities<OrderCreationActivities>({
  ...afterTheRecord,
  summary: 'Save the RideNDine ids on the order',
});
const { markOrder } = proxyActivities<OrderCreationActivities>({
  ...afterTheRecord,
  summary: 'Write the outcome on the order',
});

/** Failures of `createOrderRecord` that say that this run has written no order, or one that must stay as it is. */
const NOTHING_TO_MARK = new Set<string>(['QuoteAlreadyUsed', 'IdempotencyKeyReused', 'OrderNeedsReview']);

export function startSteps(request: CheckoutRequest): Steps {
  const progress = startProgress(request);
  const review = openReview();

  const mark = (orderId: string, status: OrderMark['status'], failure?: StepFailure) =>
    CancellationScope.nonCancellable(() =>
      markOrder({
        order_id: orderId,
        status,
        quote_id: request.quote_id,
        failure_code: failure?.code ?? null,
        failure_reason: failure?.reason ?? null,
      }),
    );

  const failed = async (failure: StepFailure, orderId?: string): Promise<ApplicationFailure> => {
    if (orderId) await mark(orderId, 'FAILED', failure);
    progress.enter('FAILED', {}, failure);
    return runFailure(failure);
  };

  /** @returns the ids that support staff found, or `retry`. */
  const askSupport = async ({ order_id }: OrderRecord, failure: StepFailure): Promise<LinkIds | 'retry'> => {
    await mark(order_id, 'NEEDS_REVIEW', failure);
    progress.enter('NEEDS_REVIEW', {}, failure);
    const decision = await review.decision();
    if (decision.decision === 'abandon') {
      throw await failed(
        { code: 'OrderNeedsReview', reason: 'Support staff abandoned the order.', details: [] },
        order_id,
      );
    }
    await mark(order_id, 'PENDING_PAYMENT');
    if (decision.decision === 'retry') return 'retry';
    const { ridendine_order_id, payment_session_id } = decision;
    return { ridendine_order_id, payment_session_id };
  };

  return {
    async validateCheckout() {
      try {
        return await validateCheckout(request);
      } catch (error) {
        if (isCancellation(error)) {
          progress.enter('CANCELLED');
          throw error;
        }
        throw await failed(readStepFailure(error, 'DirectusUnavailable'));
      }
    },

    answerAgain(result) {
      progress.enter('LINKED', idsOf(result));
      return result;
    },

    async createOrderRecord(standing) {
      const isContinued = standing.standing === 'unlinked' || standing.standing === 'in-review';
      progress.enter('CREATING_RECORD', isContinued ? {} : { store_id: standing.checkout.store_id });
      const create = () => createOrderRecord({ request, standing });
      try {
        // A continued order may be at RideNDine already: it is past the point where it could be cancelled.
        const order = await (isContinued ? CancellationScope.nonCancellable(create) : create());
        if (!isContinued && CancellationScope.current().consideredCancelled) {
          throw new CancelledFailure('Cancelled before the order was sent to RideNDine.');
        }
        return { order, startsInReview: standing.standing === 'in-review' };
      } catch (error) {
        if (isCancellation(error)) {
          await mark(standing.order_id, 'CANCELLED');
          progress.enter('CANCELLED', { order_id: standing.order_id });
          throw error;
        }
        const failure = readStepFailure(error, 'DirectusUnavailable');
        // RideNDine may have a continued order, whatever became of this step: it stays as it is for the next run.
        const isOurs = !isContinued && !NOTHING_TO_MARK.has(failure.code);
        throw await failed(failure, isOurs ? standing.order_id : undefined);
      }
    },

    createRideNDineOrder({ order, startsInReview }) {
      return CancellationScope.nonCancellable(async () => {
        let failure: StepFailure | undefined = startsInReview ? reviewWasLost : undefined;
        for (let isAsked = false; ; isAsked = true) {
          try {
            if (!failure) {
              progress.enter('CREATING_RIDENDINE_ORDER', { order_id: order.order_id });
              return await callPartner(order, isAsked);
            }
          } catch (error) {
            failure = readStepFailure(error, 'RideNDineUnavailable');
          }
          if (!mayExistAtRideNDine(failure)) throw await failed(failure, order.order_id);
          const answer = await askSupport(order, failure);
          if (answer !== 'retry') return answer;
          failure = undefined;
        }
      });
    },

    saveLinkIds({ order }, link) {
      return CancellationScope.nonCancellable(async () => {
        let ids = link;
        for (;;) {
          progress.enter('SAVING_LINK', ids);
          try {
            const result = await saveLinkIds({ order_id: order.order_id, link: ids });
            progress.enter('LINKED', idsOf(result));
            return result;
          } catch (error) {
            const answer = await askSupport(order, readStepFailure(error, 'LinkConflict'));
            if (answer !== 'retry') ids = answer;
          }
        }
      });
    },
  };
}

const reviewWasLost: StepFailure = {
  code: 'RideNDineUnavailable',
  reason: 'An earlier run ended while the order waited for support staff.',
  details: [],
};

function idsOf({ order_id, ridendine_order_id, payment_session_id }: OrderCreationResult) {
  return { order_id, ridendine_order_id, payment_session_id };
}

/** @param isAsked whether support staff asked for this call. */
function callPartner(order: OrderRecord, isAsked: boolean): Promise<LinkIds> {
  const remainingMs = Date.parse(order.key_deadline) - Date.now();
  const isKeyAlive = remainingMs > 0;
  if (!isKeyAlive && !isAsked) {
    throw ApplicationFailure.create({
      type: 'RideNDineUnavailable',
      message: 'RideNDine may have forgotten the idempotency key: another call could make a second order.',
    });
  }
  const partner = proxyActivities<OrderCreationActivities>({
    summary: 'Create the order at RideNDine',
    startToCloseTimeout: order.attempt_timeout_ms,
    scheduleToCloseTimeout: isKeyAlive ? remainingMs : order.attempt_timeout_ms,
    // After the key's life each call is a decision of its own.
    retry: isKeyAlive ? partnerBackoff : { maximumAttempts: 1 },
  });
  return partner.createRideNDineOrder(isAsked ? { ...order, maybe_sent_before: true } : order);
}
