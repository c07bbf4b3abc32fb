// node promise-stacks.mjs                                      as the SDK is
// node --import ./without-promise-hooks.mjs promise-stacks.mjs   without its hook
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { Worker, bundleWorkflowCode } from '@temporalio/worker';

const taskQueue = `promise-stacks-${Date.now()}`;
const worker = await Worker.create({
  taskQueue,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('promise-stacks-workflow.mjs', import.meta.url)),
  }),
  activities: { step: async () => 'done' },
});
const running = worker.run();
const { workflow } = new Client({ connection: await Connection.connect() });
const runMany = async (count) => {
  const ids = Array.from({ length: count }, (_, index) => `${taskQueue}-${count}-${index}`).values();
  const caller = async () => {
    for (const workflowId of ids) await workflow.execute('sixSteps', { taskQueue, workflowId });
  };
  await Promise.all(Array.from({ length: 32 }, caller));
};
await runMany(100);
const before = process.cpuUsage();
await runMany(1000);
const { user, system } = process.cpuUsage(before);
process.stdout.write(`${((user + system) / 1e6).toFixed(1)} ms of CPU a workflow\n`);
worker.shutdown();
await running;
process.exit();
