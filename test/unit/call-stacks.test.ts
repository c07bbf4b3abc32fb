import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { programFile } from '../../stack/program-file.ts';

/** Counts the promises that a promise hook sees. Temporal's SDK sets such a hook in the thread of the workflows. */
const thread = `
  let told = 0;
  require('node:v8').promiseHooks.createHook({ init: () => void (told += 1) });
  Promise.resolve().then(() => process.stdout.write(told > 0 ? 'kept' : 'not kept'));
`;

let folder: string;
let main: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'call-stacks-'));
  main = path.join(folder, 'main.cjs');
  await writeFile(path.join(folder, 'thread.cjs'), thread);
  await writeFile(main, `new (require('node:worker_threads').Worker)(require.resolve('./thread.cjs'));`);
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  [undefined, 'not kept'],
  ['off', 'not kept'],
  ['on', 'kept'],
])('with WORKER_CALL_STACKS=%s call stacks are %s', async (WORKER_CALL_STACKS, said) => {
  const { stdout } = await execa(
    process.execPath,
    [`--import=${programFile('src/worker/without-call-stacks.ts')}`, main],
    { env: { ...(WORKER_CALL_STACKS !== undefined && { WORKER_CALL_STACKS }) }, extendEnv: false },
  );

  expect(stdout).toBe(said);
});
