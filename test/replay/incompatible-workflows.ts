import { sleep } from '@temporalio/workflow';
import * as workflows from '../../src/workflows/index.ts';

/** An incompatible change on purpose: a new timer comes before the steps that are already in the recorded histories. */
export async function orderCreation(input: Parameters<typeof workflows.orderCreation>[0]) {
  await sleep('1 s');
  return await workflows.orderCreation(input);
}

export async function orderSweep(input: Parameters<typeof workflows.orderSweep>[0]) {
  await sleep('1 s');
  return await workflows.orderSweep(input);
}
