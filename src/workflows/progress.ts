import { defineQuery, setHandler, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import type { OrderCreationInput, OrderCreationStage, OrderCreationState } from '../domain/order-creation.ts';
import { ORDER_CREATION_STATE_QUERY, REQUEST_FINGERPRINT_MEMO, searchAttributes } from '../domain/order-creation.ts';
import type { StepFailure } from './failures.ts';

const orderCreationState = defineQuery<OrderCreationState>(ORDER_CREATION_STATE_QUERY);

type Known = Omit<OrderCreationState, 'stage' | 'failure' | 'review_overdue'> & { store_id?: string };

/** What support staff see of a run while it goes on: its search attributes and the query `orderCreationState`. */
export interface Progress {
  /** Lets callers who show the key be told from others, where a person or the sweep has started the run. */
  identify(fingerprint: string): void;
  /** `failure` is what the stage is about; entering a stage without one clears the last. */
  enter(stage: OrderCreationStage, known?: Known, failure?: StepFailure): void;
  /** Until the next stage is entered. */
  reviewIsOverdue(): void;
}

export function startProgress(input: OrderCreationInput): Progress {
  let state: OrderCreationState = { stage: 'VALIDATING' };
  setHandler(orderCreationState, () => state);
  // The client sets these at the start; whoever starts a run by hand does not.
  if (workflowInfo().typedSearchAttributes.get(searchAttributes.stage) === undefined) {
    upsertSearchAttributes([{ key: searchAttributes.stage, value: state.stage }, ...attributesOf(input)]);
  }
  return {
    identify(fingerprint) {
      const { memo } = workflowInfo();
      if (memo?.[REQUEST_FINGERPRINT_MEMO] === undefined) upsertMemo({ [REQUEST_FINGERPRINT_MEMO]: fingerprint });
    },
    enter(stage, { store_id, ...ids } = {}, failure) {
      const { failure: cleared, review_overdue: _over, ...rest } = state;
      state = { ...rest, ...ids, stage, ...(failure && { failure: { code: failure.code, reason: failure.reason } }) };
      const updates: SearchAttributeUpdatePair[] = [{ key: searchAttributes.stage, value: stage }];
      if (ids.order_id) updates.push({ key: searchAttributes.orderId, value: ids.order_id });
      if (store_id) updates.push({ key: searchAttributes.storeId, value: store_id });
      if (ids.ridendine_order_id && isKeyword(ids.ridendine_order_id)) {
        updates.push({ key: searchAttributes.ridendineOrderId, value: ids.ridendine_order_id });
      }
      if (failure || cleared) updates.push({ key: searchAttributes.failureCode, value: failure?.code ?? null });
      upsertSearchAttributes(updates);
    },
    reviewIsOverdue() {
      state = { ...state, review_overdue: true };
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

/** Longer ones are refused by a database under Temporal. */
const LONGEST_KEYWORD = 255;

function isKeyword(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_KEYWORD;
}
