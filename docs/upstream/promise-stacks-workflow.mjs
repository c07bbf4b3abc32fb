import { proxyLocalActivities } from '@temporalio/workflow';

const { step } = proxyLocalActivities({ startToCloseTimeout: '5s' });

export async function sixSteps() {
  for (let count = 0; count < 6; count += 1) await step();
}
