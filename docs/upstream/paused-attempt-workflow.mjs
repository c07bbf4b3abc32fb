import { proxyActivities } from '@temporalio/workflow';

const { neverAnswers } = proxyActivities({ startToCloseTimeout: '2s', retry: { maximumAttempts: 1 } });

export async function oneAttempt() {
  await neverAnswers();
}
