import { defineQuery, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import type { OrderCreationInput, OrderCreationStage, OrderCreationState } from '../domain/order-creation.ts';
import { ORDER_CREATION_STATE_QUERY, isContinuation, searchAttributes } from '../domain/order-creation.ts';
import type { StepFailure } from './failures.ts';

const orderCreationState = defineQuery<OrderCreationState>(ORDER_CREATION_STATE_QUERY);

type Known = Omit<OrderCreationState, 'stage' | 'failure' | 'review_overdue'> & { store_id?: string };

/** What support staff see of a run while it goes on: its search attributes and the query `orderCreationState`. */
export interface Progress {
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
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: state.stage },
      ...(isContinuation(input)
        ? []
        : [
            { key: searchAttributes.quoteId, value: input.quote_id },
            { key: searchAttributes.customerId, value: input.customer_id },
          ]),
    ]);
  }
  return {
    enter(stage, { store_id, ...ids } = {}, failure) {
      const { failure: cleared, review_overdue: _over, ...rest } = state;
      state = { ...rest, ...ids, stage, ...(failure && { failure: { code: failure.code, reason: failure.reason } }) };
      const updates: SearchAttributeUpdatePair[] = [{ key: searchAttributes.stage, value: stage }];
      if (ids.order_id) updates.push({ key: searchAttributes.orderId, value: ids.order_id });
      if (store_id) updates.push({ key: searchAttributes.storeId, value: store_id });
      if (ids.ridendine_order_id) {
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
