import {
  defineQuery,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import type { CancelledCheckout, CheckoutStanding } from '../activities/order-creation-activities.ts';
import type { OrderCreationInput, OrderCreationStage, OrderCreationState } from '../contract/runs.ts';
import {
  ORDER_CREATION_STATE_QUERY,
  REQUEST_FINGERPRINT_MEMO,
  isContinuation,
  isKeyword,
  searchAttributes,
} from '../contract/runs.ts';
import type { PartnerPause } from '../domain/partner-pause.ts';
import type { SupportAction } from '../domain/support-action.ts';
import { currentDetails } from './current-details.ts';
import type { RunView } from './current-details.ts';
import type { StepFailure } from './step-failure.ts';
import { beginStory } from './story.ts';
import type { TellStep } from './story.ts';
import { startMeasurements } from './measurements.ts';

const orderCreationState = defineQuery<OrderCreationState>(ORDER_CREATION_STATE_QUERY);

type StatusFields = Omit<OrderCreationState, 'stage' | 'failure' | 'review_overdue'> &
  Pick<RunView, 'asked_until' | 'is_continuation'> & { store_id?: string };

/**
 * What support staff see of a run while it goes on, and after its end: its search attributes, its current details and
 * the query `orderCreationState`.
 */
export interface RunStatus {
  /** What the first step has found out: callers who show the key are now told from others, and links are known. */
  identify(standing: CheckoutStanding | CancelledCheckout): void;
  /** `failure` is what the stage is about; entering a stage without one clears the last. */
  enter(stage: OrderCreationStage, known?: StatusFields, failure?: StepFailure): void;
  /** Makes one of the four steps, which the current details then tell of. */
  tell: TellStep;
  /** Lets the run be found by the stage that it is in. */
  publish(): void;
  /** RideNDine is not asked, as long as it lasts. */
  isPaused(pause: PartnerPause | undefined): void;
  /** Until the next stage is entered. */
  reviewIsOverdue(): void;
  /** Until the run ends or comes to review, and then it is told why. */
  isBeingCancelled(by: SupportAction): void;
  /** Somebody has asked Temporal to cancel the run where that changes nothing. */
  ignoresCancellation(): void;
  /** No order comes of it: what is left is to tell Directus. */
  isGivenUp(failure: StepFailure): void;
}

/** Stages that are mostly over before anybody could find the run in them. They are published with the next one. */
const passingStages: ReadonlySet<OrderCreationStage> = new Set(['VALIDATING', 'CREATING_RECORD', 'SAVING_LINK']);

export function startStatus(input: OrderCreationInput): RunStatus {
  const measurements = startMeasurements();
  let view: RunView = { state: { stage: 'VALIDATING' }, is_continuation: isContinuation(input) };
  const unpublished = new Map<string, SearchAttributeUpdatePair>();
  const publish = () => {
    if (unpublished.size > 0) upsertSearchAttributes([...unpublished.values()]);
    unpublished.clear();
  };
  const story = beginStory(() => show({}));
  const show = (change: Partial<RunView>) => {
    view = { ...view, ...change };
    setCurrentDetails(currentDetails(view, story));
  };
  setHandler(orderCreationState, () => view.state);
  show({});
  // The client sets these at the start; whoever starts a run by hand does not.
  if (workflowInfo().typedSearchAttributes.get(searchAttributes.stage) === undefined) {
    upsertSearchAttributes([{ key: searchAttributes.stage, value: view.state.stage }, ...attributesOf(input)]);
  }
  return {
    identify({ request_fingerprint, links }) {
      if (links) show({ links });
      // Whoever starts a run by hand does not set it.
      const { memo } = workflowInfo();
      if (memo?.[REQUEST_FINGERPRINT_MEMO] === undefined) {
        upsertMemo({ [REQUEST_FINGERPRINT_MEMO]: request_fingerprint });
      }
    },
    enter(stage, { store_id, asked_until, is_continuation, ...ids } = {}, failure) {
      const { failure: cleared, review_overdue: _over, ...rest } = view.state;
      // What was asked for before has led to the review, and is settled with it.
      if (rest.stage === 'NEEDS_REVIEW') {
        const { cancelled_by: _by, cancellation_ignored: _ignored, ...kept } = view;
        view = kept;
      }
      const told = failure && { failure: { code: failure.code, reason: failure.reason } };
      show({
        state: { ...rest, ...ids, stage, ...told },
        ...(asked_until && { asked_until }),
        ...(is_continuation && { is_continuation }),
      });
      const updates: SearchAttributeUpdatePair[] = [{ key: searchAttributes.stage, value: stage }];
      if (ids.order_id) updates.push({ key: searchAttributes.orderId, value: ids.order_id });
      if (store_id) updates.push({ key: searchAttributes.storeId, value: store_id });
      if (ids.ridendine_order_id && isKeyword(ids.ridendine_order_id)) {
        updates.push({ key: searchAttributes.ridendineOrderId, value: ids.ridendine_order_id });
      }
      if (failure || cleared) updates.push({ key: searchAttributes.failureCode, value: failure?.code ?? null });
      for (const update of updates) unpublished.set(update.key.name, update);
      if (!passingStages.has(stage)) publish();
      measurements.enter(stage, failure?.code);
    },
    tell: story.tell,
    publish,
    isPaused(pause) {
      show({ pause });
    },
    reviewIsOverdue() {
      show({ state: { ...view.state, review_overdue: true } });
    },
    isBeingCancelled(by) {
      show({ cancelled_by: by });
    },
    ignoresCancellation() {
      show({ cancellation_ignored: true });
    },
    isGivenUp({ code, reason }) {
      show({ given_up_for: { code, reason } });
    },
  };
}

/** Nobody has parsed the input yet: what can't be searched for is not worth failing. */
function attributesOf(input: OrderCreationInput): SearchAttributeUpdatePair[] {
  const { quote_id, customer_id } = Object(input) as { quote_id?: unknown; customer_id?: unknown };
  const pairs = [
    { key: searchAttributes.quoteId, value: quote_id },
    { key: searchAttributes.customerId, value: customer_id },
  ];
  return pairs.flatMap(({ key, value }) => (isKeyword(value) ? [{ key, value }] : []));
}
