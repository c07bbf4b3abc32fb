// Compiled as workflow code.
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import { bareWorkflow } from './bare-steps.ts';
import type { BareSteps } from './bare-steps.ts';

export const orderCreation = bareWorkflow(
  proxyLocalActivities<BareSteps>({ startToCloseTimeout: '1 min' }),
  proxyActivities<BareSteps>({ startToCloseTimeout: '1 min' }),
);
