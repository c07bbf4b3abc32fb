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
  /** Keeps what the first step found: the links, and the fingerprint by which callers with the key are recognised. */
  identify(standing: CheckoutStanding | CancelledCheckout): void;
  /** @param failure why the run is in this stage. Without it, the failure of the last stage is cleared. */
  enter(stage: OrderCreationStage, known?: StatusFields, failure?: StepFailure): void;
  /** Makes one of the four steps and shows its course in the current details. */
  tell: TellStep;
  /** Writes the search attributes now, so that people find the run by its stage. */
  publish(): void;
  /** Shows the pause during which RideNDine is not asked; `undefined` after its end. */
  isPaused(pause: PartnerPause | undefined): void;
  /** Shows that the review is overdue, until the run enters the next stage. */
  reviewIsOverdue(): void;
  /** Shows who asked to cancel the order, and why, until a review of the order is over. */
  isBeingCancelled(by: SupportAction): void;
  /** Shows that somebody asked Temporal to cancel the run at a time when such a request changes nothing. */
  ignoresCancellation(): void;
  /** Shows why the run gives the order up, while the run still has to write that to Directus. */
  isGivenUp(failure: StepFailure): void;
}

/** Stages that are usually too short for a search to find a run in them. They are published with the next stage. */
const passingStages: ReadonlySet<OrderCreationStage> = new Set(['VALIDATING', 'CREATING_RECORD', 'SAVING_LINK']);

export function startStatus(input: OrderCreationInput): RunStatus {
  const measure = startMeasurements();
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
  // The client and the sweep set these at the start. A run that is started by hand lacks them.
  if (workflowInfo().typedSearchAttributes.get(searchAttributes.stage) === undefined) {
    upsertSearchAttributes([{ key: searchAttributes.stage, value: view.state.stage }, ...attributesOf(input)]);
  }
  return {
    identify({ request_fingerprint, links }) {
      if (links) show({ links });
      // A run that is started by hand lacks it.
      const { memo } = workflowInfo();
      if (memo?.[REQUEST_FINGERPRINT_MEMO] === undefined) {
        upsertMemo({ [REQUEST_FINGERPRINT_MEMO]: request_fingerprint });
      }
    },
    enter(stage, { store_id, asked_until, is_continuation, ...ids } = {}, failure) {
      const { failure: cleared, review_overdue: _over, ...rest } = view.state;
      // A request to cancel that led to the review, or came during it, is settled when the review ends.
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
      measure(stage, failure?.code);
    },
    tell: story.tell,
    publish,
    isPaused: (pause) => show({ pause }),
    reviewIsOverdue: () => show({ state: { ...view.state, review_overdue: true } }),
    isBeingCancelled: (by) => show({ cancelled_by: by }),
    ignoresCancellation: () => show({ cancellation_ignored: true }),
    isGivenUp: ({ code, reason }) => show({ given_up_for: { code, reason } }),
  };
}

/** The input is not parsed yet. A value that cannot be a search attribute is left out; it must not fail the run. */
function attributesOf(input: OrderCreationInput): SearchAttributeUpdatePair[] {
  const { quote_id, customer_id } = Object(input) as { quote_id?: unknown; customer_id?: unknown };
  const pairs = [
    { key: searchAttributes.quoteId, value: quote_id },
    { key: searchAttributes.customerId, value: customer_id },
  ];
  return pairs.flatMap(({ key, value }) => (isKeyword(value) ? [{ key, value }] : []));
}
