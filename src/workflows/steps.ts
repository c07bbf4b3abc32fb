import { CancellationScope, CancelledFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { ApplicationFailure } from '@temporalio/workflow';
import type {
  CheckoutStanding,
  OpenStanding,
  OrderCreationActivities,
  OrderMark,
  OrderRecord,
} from '../activities/order-creation-activities.ts';
import type { OrderCreationInput } from '../domain/order-creation.ts';
import type { LinkIds, OrderCreationResult } from '../domain/order.ts';
import type { ReviewDecision } from '../domain/review-decision.ts';
import { afterTheRecord, beforeTheRecord, partnerBackoff, untilMarked } from './activity-options.ts';
import { mayExistAtRideNDine, readStepFailure, runFailure } from './failures.ts';
import type { StepFailure } from './failures.ts';
import { startProgress } from './progress.ts';
import { openReview, refuseDecision } from './review.ts';

/** The four steps of the brief, each with what is to be done when it fails for good. */
interface Steps {
  validateCheckout(): Promise<CheckoutStanding>;
  createOrderRecord(standing: OpenStanding): Promise<OrderRecord>;
  createRideNDineOrder(order: OrderRecord): Promise<LinkIds>;
  saveLinkIds(order: OrderRecord, link: LinkIds): Promise<OrderCreationResult>;
  /** The order was linked by an earlier run: its ids are the answer. */
  answerAgain(result: OrderCreationResult): OrderCreationResult;
}

/** What support staff decided about an order that is to go on: the ids that they found, or to try again. */
type GoOn = LinkIds | 'retry';

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
  ...untilMarked,
  summary: 'Write the outcome on the order',
});

/** Failures of `createOrderRecord` that say that this run has written no order, or one that must stay as it is. */
const NOTHING_TO_MARK = new Set<string>([
  'QuoteAlreadyUsed',
  'IdempotencyKeyReused',
  'OrderNeedsReview',
  'OrderCancelled',
]);

const abandoned: StepFailure = {
  code: 'OrderNeedsReview',
  reason: 'Support staff abandoned the order.',
  details: [],
};

export function startSteps(input: OrderCreationInput): Steps {
  const progress = startProgress(input);
  const review = openReview<GoOn | 'abandon'>();

  const write = (orderId: string, status: OrderMark['status'], failure?: StepFailure, standing?: OpenStanding) =>
    CancellationScope.nonCancellable(() =>
      markOrder({
        order_id: orderId,
        status,
        failure_code: failure?.code ?? null,
        failure_reason: failure?.reason ?? null,
        ...(standing?.standing === 'new' && { if_missing: { request: input, checkout: standing.checkout } }),
      }),
    );

  const ended = (failure: StepFailure): ApplicationFailure => {
    progress.enter('FAILED', {}, failure);
    return runFailure(failure);
  };

  const carryOut = async ({ order_id }: OrderRecord, decision: ReviewDecision): Promise<GoOn | 'abandon'> => {
    switch (decision.decision) {
      case 'abandon':
        if ((await write(order_id, 'FAILED', abandoned)) === 'left') refuseDecision(TAKEN_ON);
        return 'abandon';
      case 'retry':
        if ((await write(order_id, 'PENDING_PAYMENT')) !== 'marked') refuseDecision(TAKEN_ON);
        return 'retry';
      case 'link': {
        const { ridendine_order_id, payment_session_id } = decision;
        const link = { ridendine_order_id, payment_session_id };
        await CancellationScope.nonCancellable(() => saveLinkIds({ order_id, link })).catch((error: unknown) =>
          refuseDecision(readStepFailure(error, 'LinkConflict').reason),
        );
        await write(order_id, 'PENDING_PAYMENT');
        return link;
      }
    }
  };

  /** Support staff see the order at once, even while Directus can't be told. */
  const askSupport = async (order: OrderRecord, failure: StepFailure): Promise<GoOn> => {
    progress.enter('NEEDS_REVIEW', {}, failure);
    const marked = write(order.order_id, 'NEEDS_REVIEW', failure);
    const outcome = await review.outcome({
      carryOut: async (decision) => {
        await marked;
        return await carryOut(order, decision);
      },
      windowMs: order.review_window_ms,
      onOverdue: () => progress.reviewIsOverdue(),
    });
    if (outcome === 'abandon') throw ended(abandoned);
    return outcome;
  };

  return {
    async validateCheckout() {
      try {
        return await validateCheckout(input);
      } catch (error) {
        if (!wasCancelled(error)) throw ended(readStepFailure(error, 'DirectusUnavailable'));
        progress.enter('CANCELLED');
        throw new CancelledFailure('Cancelled before an order was made.');
      }
    },

    answerAgain(result) {
      progress.enter('LINKED', idsOf(result));
      return result;
    },

    async createOrderRecord(standing) {
      const isContinued = standing.standing === 'unlinked' || standing.standing === 'in-review';
      progress.enter(
        'CREATING_RECORD',
        isContinued
          ? {
              order_id: standing.order_id,
              ...(standing.order.store_id !== null && { store_id: standing.order.store_id }),
            }
          : { store_id: standing.checkout.store_id },
      );
      // A continued order may be at RideNDine already: it is past the point where it could be cancelled.
      if (isContinued) {
        return await CancellationScope.nonCancellable(() => createOrderRecord({ request: input, standing })).catch(
          // Whatever became of this step, the order stays as it is for the next run.
          (error: unknown) => Promise.reject(ended(readStepFailure(error, 'DirectusUnavailable'))),
        );
      }
      let failure: StepFailure | undefined;
      try {
        const order = await createOrderRecord({ request: input, standing });
        if (!CancellationScope.current().consideredCancelled) return order;
      } catch (error) {
        if (!isCancellation(error)) failure = readStepFailure(error, 'DirectusUnavailable');
      }
      if (failure && NOTHING_TO_MARK.has(failure.code)) throw ended(failure);
      if (failure && !CancellationScope.current().consideredCancelled) {
        await write(standing.order_id, 'FAILED', failure, standing);
        throw ended(failure);
      }
      await write(standing.order_id, 'CANCELLED', undefined, standing);
      progress.enter('CANCELLED', { order_id: standing.order_id });
      throw new CancelledFailure('Cancelled before the order was sent to RideNDine.');
    },

    createRideNDineOrder(order) {
      return CancellationScope.nonCancellable(async () => {
        let failure: StepFailure | undefined = order.review ? { ...order.review, details: [] } : undefined;
        for (let isAsked = false; ; isAsked = true) {
          if (!failure) {
            progress.enter('CREATING_RIDENDINE_ORDER', { order_id: order.order_id });
            try {
              return await callPartner(order, isAsked);
            } catch (error) {
              failure = readStepFailure(error, 'RideNDineUnavailable');
            }
            if (!mayExistAtRideNDine(failure)) {
              await write(order.order_id, 'FAILED', failure);
              throw ended(failure);
            }
          }
          const answer = await askSupport(order, failure);
          if (answer !== 'retry') return answer;
          failure = undefined;
        }
      });
    },

    saveLinkIds({ order_id, ...order }, link) {
      return CancellationScope.nonCancellable(async () => {
        let ids = link;
        for (;;) {
          progress.enter('SAVING_LINK', ids);
          try {
            const result = await saveLinkIds({ order_id, link: ids });
            progress.enter('LINKED', idsOf(result));
            return result;
          } catch (error) {
            const answer = await askSupport({ order_id, ...order }, readStepFailure(error, 'LinkConflict'));
            if (answer !== 'retry') ids = answer;
          }
        }
      });
    },
  };
}

const TAKEN_ON =
  'The order is missing in Directus, or has a status there that this decision may not change. Settle that first.';

/** A cancellation also counts where the activity ended on its own account at the same moment. */
function wasCancelled(error: unknown): boolean {
  return isCancellation(error) || CancellationScope.current().consideredCancelled;
}

function idsOf({ order_id, ridendine_order_id, payment_session_id }: OrderCreationResult) {
  return { order_id, ridendine_order_id, payment_session_id };
}

/** @param isAsked whether support staff asked for this call: it is then made whatever the deadlines say. */
function callPartner(order: OrderRecord, isAsked: boolean): Promise<LinkIds> {
  const deadlines = [order.key_deadline, ...(order.maybe_sent_before ? [] : [order.not_sent_deadline])];
  const remainingMs = Math.max(...deadlines.map((deadline) => Date.parse(deadline) - Date.now()));
  const isInTime = remainingMs > 0;
  const partner = proxyActivities<OrderCreationActivities>({
    summary: 'Create the order at RideNDine',
    startToCloseTimeout: order.attempt_timeout_ms,
    // The activity judges the deadlines itself; this bounds what it can't: a worker that never comes.
    scheduleToCloseTimeout: Math.max(remainingMs, 0) + order.attempt_timeout_ms,
    // When its time is over each call is a decision of its own.
    retry: isInTime ? partnerBackoff : { maximumAttempts: 1 },
  });
  return partner.createRideNDineOrder({ ...order, is_asked: isAsked, ...(isAsked && { maybe_sent_before: true }) });
}
