import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { execa } from 'execa';
import { hasErrorCode } from './has-error-code.ts';

export interface NeededPort {
  port: number;
  /** What will listen on the port, as messages name it. */
  purpose: string;
  /** The environment variable that sets another port. */
  variable: string;
}

/** The addresses of `localhost`. A program that listens on either of them could be reached instead of ours. */
const LOOPBACK = ['127.0.0.1', '::1'];
const LOOKUP_TIMEOUT_MS = 2_000;

/**
 * Ports below those of outgoing connections (from 32768 on Linux, from 49152 elsewhere): an outgoing connection could
 * take the port of a server while that server restarts. The ports from 22,000 on belong to the tests.
 */
const standardRange = { lowest: 20_000, highest: 21_999 };
const ATTEMPTS = 100;

/** @returns a port of 127.0.0.1 that no program uses at the moment. @throws Error if no free port is found. */
export async function freePort({ lowest, highest } = standardRange): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(lowest, highest + 1);
    if ((await tryToListen(port, '127.0.0.1')) === 'free') return port;
  }
  throw new Error(`None of ${ATTEMPTS} ports from ${lowest} to ${highest} was free.`);
}

/**
 * Looks at all ports at once, before anything is started.
 *
 * @throws Error with one sentence for each port that can't be used.
 */
export async function checkPorts(needed: NeededPort[]): Promise<void> {
  const sentences = await Promise.all(needed.map((one) => describeObstacle(one)));
  const obstacles = sentences.filter((sentence) => sentence !== undefined);
  if (obstacles.length > 0) throw new Error(obstacles.join('\n'));
}

async function describeObstacle({ port, purpose, variable }: NeededPort): Promise<string | undefined> {
  const outcomes = await Promise.all([...LOOPBACK.map((host) => tryToListen(port, host)), tryToConnect(port)]);
  const move = `set ${variable} to another port`;
  if (outcomes.includes('forbidden')) return `Port ${port} for ${purpose} may not be used by this user: ${move}.`;
  if (!outcomes.includes('taken')) return undefined;
  const holder = await findHolder(port);
  return `Port ${port} for ${purpose} is taken by ${holder ?? 'another program'}: stop that program, or ${move}.`;
}

type Outcome = 'free' | 'taken' | 'forbidden';

async function tryToListen(port: number, host: string): Promise<Outcome> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (hasErrorCode(error, 'EADDRINUSE')) return 'taken';
    if (hasErrorCode(error, 'EACCES')) return 'forbidden';
    return 'free'; // no IPv6 here
  }
  server.close();
  await once(server, 'close');
  return 'free';
}

/** Needed on macOS, where a program can listen on 127.0.0.1 although another program listens on all addresses. */
async function tryToConnect(port: number): Promise<Outcome> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return 'taken';
  } catch {
    return 'free';
  } finally {
    socket.destroy();
  }
}

/** @returns e.g. `node main.ts (process 4711)`; undefined if the system does not tell. */
async function findHolder(port: number): Promise<string | undefined> {
  const options = { reject: false, timeout: LOOKUP_TIMEOUT_MS } as const;
  const lsof = await execa('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], options);
  const [, pid, command] = /^p(\d+)\n(?:.*\n)*?c(.+)$/m.exec(lsof.stdout ?? '') ?? [];
  if (pid !== undefined && command !== undefined) return `${await readableName(command, pid)} (process ${pid})`;
  const ss = await execa('ss', ['-ltnpH', `sport = :${port}`], options);
  const [, program, id] = /\("([^"]+)",pid=(\d+)/.exec(ss.stdout ?? '') ?? [];
  return program === undefined || id === undefined ? undefined : `${await readableName(program, id)} (process ${id})`;
}

/** Names under which the system lists Node programs. It lists newer ones by the name of their first thread. */
const NODE_PROGRAMS = new Set(['node', 'MainThread']);

/** Names a Node program by its script, if the system tells it. Other arguments may be secret and are left out. */
async function readableName(program: string, pid: string): Promise<string> {
  if (!NODE_PROGRAMS.has(program)) return program;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const script = commandLine.split('\0').find((argument) => /^[^-].*\.[cm]?[jt]s$/.test(argument));
  return script === undefined ? 'node' : `node ${path.basename(script)}`;
}
