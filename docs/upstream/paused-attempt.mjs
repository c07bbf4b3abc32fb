// node paused-attempt.mjs
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';

const taskQueue = `paused-attempt-${Date.now()}`;
const worker = await Worker.create({
  taskQueue,
  workflowsPath: fileURLToPath(new URL('paused-attempt-workflow.mjs', import.meta.url)),
  // To the server it is as if the worker were lost.
  activities: { neverAnswers: () => new Promise(() => {}) },
});
void worker.run();
const connection = await Connection.connect();
const { workflow } = new Client({ connection });

await tell('not paused', false);
await tell('paused while it runs', true);
process.exit();

async function tell(workflowId, isPaused) {
  const handle = await workflow.start('oneAttempt', { taskQueue, workflowId: `${taskQueue} ${workflowId}` });
  const pending = async () => (await handle.describe()).raw.pendingActivities?.[0];
  await delay(500);
  if (isPaused) {
    const { activityId } = await pending();
    await connection.workflowService.pauseActivity({
      namespace: 'default',
      execution: { workflowId: handle.workflowId },
      id: activityId,
      identity: 'paused-attempt',
    });
  }
  await delay(10_000);
  const { status } = await handle.describe();
  const left = await pending();
  process.stdout.write(`| ${workflowId} | ${status.name} | ${left ? `pending, state ${left.state}` : 'timed out'} |\n`);
}
