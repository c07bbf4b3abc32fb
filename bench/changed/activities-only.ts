import { proxyActivities } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { afterTheRecord, beforeTheRecord } from '../../src/workflows/policies.ts';

/** Makes the first attempt of each step at Directus as an activity, like every later attempt. */
export function interceptors(): WorkflowInterceptors {
  return {
    outbound: [
      {
        async scheduleLocalActivity({ activityType, args, options: { summary } }) {
          const options = activityType === 'saveLinkIds' ? afterTheRecord : beforeTheRecord;
          const steps = proxyActivities({ ...options, ...(summary !== undefined && { summary }) });
          return await steps[activityType]?.(...args);
        },
      },
    ],
  };
}
