import { afterEach, expect, it } from '@jest/globals';
import { readLiveMemory } from '../../bench/live-memory.ts';
import { readOpenHandles } from '../../bench/process-usage.ts';
import { endScripts, runScript } from '../support/run-script.ts';

afterEach(endScripts);

const LIST = 'Array.from({ length: 1e6 }, (_, index) => ({ index }))';
const KEEP_MORE = `globalThis.kept = ${LIST};`;
const DROP_MORE = `${LIST};`;

/** Garbage in its main thread, and what `script` makes in another. */
const withThread = (script: string) => `
  ${DROP_MORE}
  const thread = new (require('node:worker_threads').Worker)(
    ${JSON.stringify(`${script} setInterval(() => {}, 1000); require('node:worker_threads').parentPort.postMessage('done')`)},
    { eval: true },
  );
  thread.once('message', () => process.stdout.write('done'));`;

it('is what the threads of a program keep, without their garbage', async () => {
  const [garbage, kept] = await Promise.all([runScript(withThread(DROP_MORE)), runScript(withThread(KEEP_MORE))]);

  const without = await readLiveMemory(garbage);
  const withIt = await readLiveMemory(kept);

  // A million objects and a million pointers to them.
  expect(withIt.heapBytes - without.heapBytes).toBeGreaterThan(16e6);
  expect(without.heapBytes).toBeLessThan(16e6);
  expect(withIt.memoryBytes).toBeGreaterThan(withIt.heapBytes);
});

it('leaves a program as it was, also if it is read again', async () => {
  const pid = await runScript(withThread(DROP_MORE));
  const before = readOpenHandles({ pid });

  const first = await readLiveMemory(pid);
  const second = await readLiveMemory(pid);

  expect(readOpenHandles({ pid })).toEqual(before);
  expect(Math.abs(second.heapBytes - first.heapBytes)).toBeLessThan(1e6);
});

it('is read of one program after the other if two are asked for at once', async () => {
  const pids = await Promise.all([runScript(withThread(DROP_MORE)), runScript(withThread(KEEP_MORE))]);

  const [without, withIt] = await Promise.all(pids.map((pid) => readLiveMemory(pid)));

  expect(withIt?.heapBytes).toBeGreaterThan((without?.heapBytes ?? Infinity) + 16e6);
});
