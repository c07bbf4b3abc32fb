// Compiled as workflow code.
import { proxyActivities } from '@temporalio/workflow';
import { bareWorkflow } from './bare-steps.ts';
import type { BareSteps } from './bare-steps.ts';

const activities = proxyActivities<BareSteps>({ startToCloseTimeout: '1 min' });
export const orderCreation = bareWorkflow(activities, activities);
