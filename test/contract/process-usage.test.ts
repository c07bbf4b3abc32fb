import { afterEach, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { collectedBySignal } from '../../bench/parts/soak.ts';
import { readOpenHandles, readProcessUsage } from '../../bench/processes.ts';
import type { ProcessUsage } from '../../bench/processes.ts';
import { endScripts, runScript as run } from '../support/run-script.ts';

afterEach(endScripts);

/** A script that is busy until it has used this much CPU, however long that takes on this machine. */
const busyFor = (ms: number) => `
  const used = () => { const { user, system } = process.cpuUsage(start); return (user + system) / 1000; };
  const start = process.cpuUsage();
  while (used() < ${ms}) for (let i = 0; i < 1e6; i += 1) Math.sqrt(i);`;
const SAY_AND_END_WITH_PARENT = 'process.stdout.write("done"); process.stdin.on("end", () => process.exit()).resume();';
const SAY_AND_STAY = 'process.stdout.write("done"); setInterval(() => {}, 1000);';
const busiestThread = ({ threads }: ProcessUsage) => Math.max(...[...threads.values()].map(({ cpuMs }) => cpuMs));

describe('what a process has used', () => {
  it('counts its CPU, and names the thread that used it', async () => {
    const idle = await run(SAY_AND_STAY);
    const busy = await run(`${busyFor(200)}; ${SAY_AND_STAY}`);

    const usage = readProcessUsage({ idle, busy });

    expect(usage.busy.cpuMs - usage.idle.cpuMs).toBeGreaterThan(150);
    expect(busiestThread(usage.busy)).toBeGreaterThan(150);
  });

  it('counts the children that run, and those that have ended', async () => {
    const pid = await run(`
      const { spawn, execFileSync } = require('node:child_process');
      execFileSync(process.execPath, ['-e', ${JSON.stringify(busyFor(600))}]);
      const running = spawn(process.execPath, ['-e', ${JSON.stringify(`${busyFor(600)}; ${SAY_AND_END_WITH_PARENT}`)}]);
      running.stdout.once('data', () => process.stdout.write('done'));
    `);

    const { family } = readProcessUsage({ family: pid });

    // One child alone, with its start, uses less than this.
    expect(family.cpuMs - busiestThread(family)).toBeGreaterThan(1200);
  });

  it('counts its memory', async () => {
    const small = await run(SAY_AND_STAY);
    const large = await run(`globalThis.kept = Buffer.alloc(200e6, 1); ${SAY_AND_STAY}`);

    const usage = readProcessUsage({ small, large });

    expect(usage.large.memoryBytes - usage.small.memoryBytes).toBeGreaterThan(190e6);
  });

  it('is not made up for one that is gone', () => {
    expect(() => readProcessUsage({ worker: 2 ** 22 + 1 })).toThrow(/worker \(process \d+\) is gone/);
  });
});

describe('what a process holds open', () => {
  it('are its file descriptors, with the sockets among them', async () => {
    const few = await run(SAY_AND_STAY);
    const many = await run(`
      const { openSync } = require('node:fs');
      const { createServer } = require('node:net');
      for (let i = 0; i < 5; i += 1) openSync('/dev/null');
      const servers = [1, 2, 3].map(() => createServer().listen(0, '127.0.0.1'));
      Promise.all(servers.map((one) => new Promise((done) => one.once('listening', done)))).then(() => { ${SAY_AND_STAY} });
    `);

    const open = readOpenHandles({ few, many });

    expect(open.many.sockets - open.few.sockets).toBe(3);
    expect(open.many.files - open.few.files).toBeGreaterThanOrEqual(5 + 3);
  });

  it('is counted with that of the children that run', async () => {
    const few = await run(SAY_AND_STAY);
    const family = await run(`
      const running = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(SAY_AND_END_WITH_PARENT)}]);
      running.stdout.once('data', () => process.stdout.write('done'));
    `);

    const open = readOpenHandles({ few, family });

    expect(open.family.files).toBeGreaterThan(1.5 * open.few.files);
  });
});

const LIST = 'Array.from({ length: 1e6 }, (_, index) => ({ index }))';
const inThread = (script: string) => `
  const thread = new (require('node:worker_threads').Worker)(
    ${JSON.stringify(`${script} setInterval(() => {}, 1000); require('node:worker_threads').parentPort.postMessage('done')`)},
    { eval: true },
  );
  thread.once('message', () => process.stdout.write('done'));`;

describe('a program whose garbage is collected by a signal', () => {
  it('keeps what its threads need, without their garbage', async () => {
    const kept = await run(inThread(`globalThis.kept = ${LIST};`), collectedBySignal);
    const garbage = await run(`${LIST}; ${inThread(`${LIST};`)}`, collectedBySignal);

    for (const pid of [kept, garbage]) process.kill(pid, 'SIGWINCH');

    const keptMore = () => {
      const usage = readProcessUsage({ kept, garbage });
      return usage.kept.memoryBytes - usage.garbage.memoryBytes;
    };
    // A million objects and a million pointers to them.
    await expect(pWaitFor(() => keptMore() > 16e6, { interval: 100, timeout: 20_000 })).resolves.toBeUndefined();
  });
});
