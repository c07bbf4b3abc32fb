import { sleep } from '@temporalio/workflow';
import * as workflows from '../../src/workflows/index.ts';

/** What must not happen to a workflow whose runs are under way: a step that they have not had comes before theirs. */
export async function orderCreation(input: Parameters<typeof workflows.orderCreation>[0]) {
  await sleep('1 s');
  return await workflows.orderCreation(input);
}

export async function orderSweep(input: Parameters<typeof workflows.orderSweep>[0]) {
  await sleep('1 s');
  return await workflows.orderSweep(input);
}
