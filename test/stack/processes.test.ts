import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { processIdentity, startFromPs } from '../../stack/process-identity.mjs';
import { endRecordedProcesses, writeRecord } from '../../stack/process-records.ts';
import { Supervisor, type Part } from '../../stack/supervisor.ts';
import { removeDataFolder } from '../support/remove-data-folder.ts';

const partFile = fileURLToPath(new URL('parts/part.mjs', import.meta.url));
const parentFile = fileURLToPath(new URL('parts/parent.ts', import.meta.url));

const isAlive = (pid: number) => processIdentity(pid) !== undefined;

let dataDir: string;
let journal: string;
const started: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'cooco-processes-'));
  journal = path.join(dataDir, 'journal');
  await writeFile(journal, '');
});

afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await endRecordedProcesses(dataDir, { graceMs: 5_000 });
  await removeDataFolder(dataDir);
});

const readJournal = async () => (await readFile(journal, 'utf8')).split('\n').filter((line) => line !== '');

/** Waits until each part is up: a part that has just been forked does not handle signals yet. */
async function untilUp(...names: string[]): Promise<void> {
  await pWaitFor(async () => {
    const lines = await readJournal();
    return names.every((name) => lines.includes(`${name} up`));
  });
}

async function untilGone(...pids: number[]): Promise<void> {
  await pWaitFor(() => pids.every((pid) => processIdentity(pid) === undefined), { timeout: 60_000 });
}

function startPart(supervisor: Supervisor, name: string, manner = 'obeys'): Part {
  return supervisor.spawn({ name, command: process.execPath, args: [partFile, name, journal, manner], env: {} });
}

/** A small stack as a process of its own, in a process group of its own. */
async function startParent({ second = 'obeys' } = {}): Promise<{
  pid: number;
  output: string;
  partPids: number[];
  exitCode: number | null;
}> {
  const child = spawn(process.execPath, [parentFile, dataDir, journal, second], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  started.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await pWaitFor(() => output.includes('ready') || child.exitCode !== null, { timeout: 60_000 });
  const partPids = [...output.matchAll(/^(?:first|second) (\d+)$/gm)].map(([, pid]) => Number(pid));
  return { pid: child.pid ?? 0, output, partPids, exitCode: child.exitCode };
}

const STUBBORN = ['c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'];

describe('the supervisor', () => {
  it('stops its parts one after the other, the last started first', async () => {
    const supervisor = new Supervisor({ dataDir });
    const parts = ['first', 'second', 'third'].map((name) => startPart(supervisor, name));
    await untilUp('first', 'second', 'third');

    await Promise.all([supervisor.stop(), supervisor.stop()]);

    expect((await readJournal()).filter((line) => !line.endsWith('up'))).toEqual(['third', 'second', 'first']);
    await untilGone(...parts.map(({ pid }) => pid));
  });

  it('is done in the time that one part may take, although many ignore their signal', async () => {
    const supervisor = new Supervisor({ dataDir });
    const parts = [
      startPart(supervisor, 'a', 'stubborn'),
      startPart(supervisor, 'b'),
      ...STUBBORN.map((name) => startPart(supervisor, name, 'stubborn')),
    ];
    await untilUp('a', 'b', ...STUBBORN);
    const startedAt = performance.now();

    await supervisor.stop();

    // If the parts were stopped one after the other, with 4 s for each, that would take 44 s.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(await readJournal()).toContain('b');
    expect(parts.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('leaves nothing of itself behind: no guardian, no record', async () => {
    const supervisor = new Supervisor({ dataDir });
    startPart(supervisor, 'part');
    await untilUp('part');

    await supervisor.stop();

    const found: string[][] = [];
    await endRecordedProcesses(dataDir, { graceMs: 5_000, onFound: (names) => found.push(names) });
    expect(found).toEqual([]);
    await pWaitFor(
      async () => !(await commandLines()).some((line) => line.includes('guardian.ts') && line.includes(dataDir)),
    );
  });

  it('tells of a crash in one sentence, with exit code, log file and last lines', async () => {
    const supervisor = new Supervisor({ dataDir });
    supervisor.spawn({
      name: 'broken',
      command: 'sh',
      args: ['-c', 'echo out of luck; exit 7'],
      env: { PATH: process.env['PATH'] ?? '' },
    });

    const crash = await supervisor.crash;

    expect(crash.message).toBe(`broken ended unexpectedly (exit code 7); its log is ${dataDir}/logs/broken.log.`);
    expect(crash.lastLines).toEqual(['out of luck']);
    await supervisor.stop();
  });

  it('takes the asked-for end of a part for no crash', async () => {
    const supervisor = new Supervisor({ dataDir });
    const part = startPart(supervisor, 'part');
    await untilUp('part');
    await part.stop({ signal: 'SIGKILL' });
    const other = startPart(supervisor, 'other');
    process.kill(other.pid, 'SIGKILL');

    expect((await supervisor.crash).part).toBe('other');
    await supervisor.stop();
  });

  it('says which command is missing', async () => {
    const supervisor = new Supervisor({ dataDir });
    expect(() => supervisor.spawn({ name: 'part', command: '/no/such/program', args: [], env: {} })).toThrow(
      "part can't be started: is /no/such/program there, and executable?",
    );
    await supervisor.stop();
  });

  it('gives a part the environment it names and nothing else', async () => {
    process.env['COOCO_TEST_SECRET'] = 'secret';
    const supervisor = new Supervisor({ dataDir });
    const part = supervisor.spawn({
      name: 'env',
      command: '/usr/bin/env',
      args: [],
      env: { OWN: 'yes' },
      endsByItself: true,
    });
    await part.exited;
    delete process.env['COOCO_TEST_SECRET'];

    expect(await readFile(part.logFile, 'utf8')).toBe('OWN=yes\n');
    await supervisor.stop();
  });

  it('takes the end of a part that ends by itself for a crash once the part must stay', async () => {
    const supervisor = new Supervisor({ dataDir });
    const env = { PATH: process.env['PATH'] ?? '' };
    const start = (name: string) =>
      supervisor.spawn({ name, command: 'sleep', args: ['300'], env, endsByItself: true });
    const [first, second] = [start('first'), start('second')];
    second.mustStay();
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    process.kill(second.pid, 'SIGKILL');

    expect((await supervisor.crash).part).toBe('second');
    await supervisor.stop();
  });

  it('starts nothing once it is stopped', async () => {
    const supervisor = new Supervisor({ dataDir });
    const stopping = supervisor.stop();

    expect(() => startPart(supervisor, 'late')).toThrow('late is not started any more: the stack is stopping.');
    await stopping;
  });
});

describe('a killed stack', () => {
  it('has its parts ended by the guardian, the stubborn ones too', async () => {
    const parent = await startParent({ second: 'stubborn' });
    await untilUp('first', 'second');
    expect(parent.partPids).toHaveLength(2);

    process.kill(parent.pid, 'SIGKILL');

    await untilGone(...parent.partPids);
    expect(await readJournal()).toContain('first');
  });

  it('gives way to the next one on the same data folder, though its guardian was killed with it', async () => {
    const parent = await startParent();
    await untilUp('first', 'second');
    process.kill(await guardianOf(parent.pid), 'SIGKILL');
    process.kill(parent.pid, 'SIGKILL');

    const next = await startParent();

    expect(next.output).toContain('leftovers first second');
    expect(next.output).toContain('ready');
    await untilGone(...parent.partPids);
  });

  it('is not ended by the number of one of its processes that another program has by now', async () => {
    const bystander = spawn(process.execPath, [partFile, 'bystander', journal]);
    started.push(bystander);
    await untilUp('bystander');
    const pid = bystander.pid ?? 0;
    writeRecord(dataDir, { name: 'old', identity: `${pid}@earlier`, stopSignal: 'SIGTERM', stackPid: 1 });

    const next = await startParent();

    expect(next.output).not.toContain('leftovers');
    expect(isAlive(pid)).toBe(true);
  });
});

describe('a second stack on one data folder', () => {
  it('is refused in one sentence that names the first', async () => {
    const first = await startParent();

    const second = await startParent();

    expect(second.exitCode).toBe(1);
    expect(second.output).toBe(
      `Another stack is running on ${dataDir} (process ${first.pid}): stop it, or set STACK_DATA_DIR to another folder.\n`,
    );
  });

  it('wins never together with the first, if both come at once', async () => {
    const both = await Promise.all([startParent(), startParent()]);

    expect(both.filter(({ output }) => output.includes('ready'))).toHaveLength(1);
    expect(both.filter(({ exitCode }) => exitCode === 1)).toHaveLength(1);
  });
});

describe('the identity of a process', () => {
  it('is the same each time, and another one for another process', () => {
    expect(processIdentity(process.pid)).toBe(processIdentity(process.pid));
    expect(processIdentity(process.pid)).not.toBe(processIdentity(1));
  });

  it('does not exist once the process has ended', async () => {
    const child = spawn('true');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(processIdentity(child.pid ?? 0)).toBeUndefined();
    expect(processIdentity(child.pid ?? 0, startFromPs)).toBeUndefined();
  });

  it('is read from ps where there is no /proc', () => {
    expect(processIdentity(process.pid, startFromPs)).toMatch(/^\d+@[\w-]+-\d{4}$/);
    expect(processIdentity(process.pid, startFromPs)).not.toBe(processIdentity(1, startFromPs));
  });
});

async function guardianOf(pid: number): Promise<number> {
  const child = (await commandLines()).find(
    (line) => line.includes('guardian.ts') && line.split(/\s+/)[1] === String(pid),
  );
  return Number(child?.split(/\s+/)[0]);
}

/** `pid ppid command` of every process. */
async function commandLines(): Promise<string[]> {
  const ps = spawn('ps', ['-axo', 'pid=,ppid=,command=']);
  let output = '';
  for await (const chunk of ps.stdout) output += String(chunk);
  return output.split('\n').map((line) => line.trim());
}
