import { upsertSearchAttributes } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { searchAttributes } from '../src/domain/order-creation.ts';
import type { OrderCreationStage } from '../src/domain/order-creation.ts';

/** The stages that the workflow does not publish because they are mostly over with the workflow task. */
const stages: Record<string, OrderCreationStage> = { createOrderRecord: 'CREATING_RECORD', saveLinkIds: 'SAVING_LINK' };

/** Lets the run be found by those stages as well, as soon as they begin. */
export function interceptors(): WorkflowInterceptors {
  return {
    outbound: [
      {
        async scheduleLocalActivity(input, next) {
          const stage = stages[input.activityType];
          if (stage !== undefined) upsertSearchAttributes([{ key: searchAttributes.stage, value: stage }]);
          return await next(input);
        },
      },
    ],
  };
}
