// node promise-stacks.mjs                 as the SDK is
// PROMISE_HOOKS=off node promise-stacks.mjs   without its hook
import { promiseHooks } from 'node:v8';
import { fileURLToPath } from 'node:url';

const isOff = process.env.PROMISE_HOOKS === 'off';
// What the SDK runs workflows in is a thread: it loads this file by --import.
if (isOff) promiseHooks.createHook = () => () => undefined;

const { isMainThread } = await import('node:worker_threads');
if (isMainThread) {
  const { Client, Connection } = await import('@temporalio/client');
  const { Worker, bundleWorkflowCode } = await import('@temporalio/worker');
  if (isOff) process.execArgv.push('--import', import.meta.url);
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
  console.log(`${isOff ? 'without the hook' : 'with the hook'}: ${(user + system) / 1e6} ms of CPU a workflow`);
  worker.shutdown();
  await running;
  process.exit();
}
