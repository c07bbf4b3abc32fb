import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { baseEnvironment } from './child-environment.ts';
import type { GuardianMessage } from './guardian.ts';
import { isRunning, killGroup, killProcess, signalProcess, type KnownProcess } from './known-process.ts';
import { processIdentity } from './launch/process-identity.mjs';
import { lastLogLines, openPartLog, partLogFile } from './part-log.ts';
import { ProcessRecords } from './process-records.ts';

/** All of it is gone 5 s after `stop()` at the latest: signals until here, SIGKILL then. */
const STOP_SIGNALS_MS = 4_000;
/** How long the next part waits for this one to end; the slowest, Temporal, takes 1.3 s. */
const STOP_TURN_MS = 1_800;
const KILL_MS = 700;
/** For a process that is not our own child, whose end the system does not report to us. */
const ADOPTED_POLL_MS = 250;
const CRASH_LINES = 12;
/** A line of JSON can be a page. */
const CRASH_LINE_LENGTH = 400;

export interface PartCommand {
  /** Also the name of its log file. */
  name: string;
  command: string;
  args: string[];
  /** All of its environment: nothing else is inherited. */
  env: Record<string, string>;
  cwd?: string;
  stopSignal?: NodeJS.Signals;
  /** It does one job and ends: its end is no crash. */
  endsByItself?: boolean;
}

export interface PartExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running process of the stack. */
export interface Part {
  name: string;
  pid: number;
  logFile: string;
  exited: Promise<PartExit>;
  /** Ends it, which is no crash then. `SIGKILL` as `signal` plays one for a test. */
  stop(options?: { signal?: NodeJS.Signals }): Promise<void>;
}

/** A part ended that nobody had asked to. The message is one sentence for a person. */
export class PartCrashed extends Error {
  override readonly name = 'PartCrashed';
  readonly part: string;
  readonly lastLines: string[];

  constructor({
    part,
    exit,
    logFile,
    lastLines,
  }: {
    part: string;
    exit: PartExit;
    logFile: string;
    lastLines: string[];
  }) {
    const how = exit.signal ?? `exit code ${exit.code ?? 'unknown'}`;
    super(`${part} ended unexpectedly (${how}); its log is ${logFile}.`);
    this.part = part;
    this.lastLines = lastLines;
  }
}

interface Entry {
  known: KnownProcess;
  exited: Promise<PartExit>;
  /** Its end was asked for. */
  ending: boolean;
}

/**
 * Starts processes and sees to it that none outlives the stack: neither an orderly stop, nor a crash of one of them,
 * nor a `kill -9` of this process (a guardian ends the rest) or of everything (the next start of the data folder does).
 *
 * Every part leads a process group of its own, so that a Ctrl-C in the terminal reaches this process alone and the
 * parts are stopped in order.
 */
export class Supervisor {
  /** The first crash of a part; never rejects, and stays open while all is well. */
  readonly crash: Promise<PartCrashed>;
  readonly #dataDir: string;
  readonly #records: ProcessRecords;
  readonly #entries: Entry[] = [];
  /** Starts under way in a library. */
  readonly #adoptions = new Set<Promise<unknown>>();
  readonly #guardian: ReturnType<typeof startGuardian>;
  #reportCrash: (crash: PartCrashed) => void = () => {};
  #stopping: Promise<void> | undefined;

  /** @param options.dataDir nobody else uses it at the same time: see `claimDataFolder`. */
  constructor({ dataDir }: { dataDir: string }) {
    this.#dataDir = dataDir;
    this.#records = new ProcessRecords(dataDir);
    this.#guardian = startGuardian(dataDir);
    this.crash = new Promise((resolve) => {
      this.#reportCrash = resolve;
    });
    void this.#guardian.exited.then(() => this.#onExit('guardian', { code: null, signal: null }));
  }

  /** @throws Error with one sentence if the command can't be run, or the stack is stopping. */
  spawn({ name, command, args, env, cwd, stopSignal = 'SIGTERM', endsByItself = false }: PartCommand): Part {
    this.#refuseIfStopping(name);
    const log = openPartLog(this.#dataDir, name);
    // Not execa: the child writes its log by itself, so that it can go on to its end in order if this process is gone.
    const child = spawn(command, args, {
      env,
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    log.close();
    child.on('error', () => {}); // without a pid, which is looked at next
    const { pid } = child;
    if (pid === undefined) throw new Error(`${name} can't be started: is ${command} there, and executable?`);
    const exited = new Promise<PartExit>((resolve) => {
      child.once('exit', (code, signal) => {
        killGroup(pid);
        resolve({ code, signal });
      });
    });
    return this.#watch({ name, pid, stopSignal, leadsGroup: true, exited, endsByItself });
  }

  /** A log file for a part that tells its lines rather than writing them. */
  openLog(name: string): (line: string) => void {
    const { fd } = openPartLog(this.#dataDir, name);
    return (line) => void writeSync(fd, `${line}\n`);
  }

  /** Takes over a process that a library has started: it is stopped, and missed, like the others. */
  adopt({ name, pid, stopSignal }: { name: string; pid: number; stopSignal: NodeJS.Signals }): Part {
    const known = { name, pid, startedAt: processIdentity(pid) ?? '', stopSignal, leadsGroup: false };
    return this.#watch({ ...known, exited: pollUntilGone(known), endsByItself: false });
  }

  /** The same with the start included, so that a stop of the stack in the middle of it is not too early. */
  async adoptWhenStarted<T extends { pid: number }>(options: {
    name: string;
    stopSignal: NodeJS.Signals;
    start: () => Promise<T>;
  }): Promise<T> {
    const { name, stopSignal, start } = options;
    this.#refuseIfStopping(name);
    const starting = start().then((started) => {
      this.adopt({ name, pid: started.pid, stopSignal });
      return started;
    });
    this.#adoptions.add(starting);
    try {
      return await starting;
    } finally {
      this.#adoptions.delete(starting);
    }
  }

  /** Ends everything, the last started first, within 5 s. Again: the same promise. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  #refuseIfStopping(name: string): void {
    if (this.#stopping !== undefined) throw new Error(`${name} is not started any more: the stack is stopping.`);
  }

  #watch(part: {
    name: string;
    pid: number;
    stopSignal: NodeJS.Signals;
    leadsGroup: boolean;
    exited: Promise<PartExit>;
    endsByItself: boolean;
  }): Part {
    const { name, pid, stopSignal, leadsGroup } = part;
    const known: KnownProcess = { name, pid, startedAt: processIdentity(pid) ?? '', stopSignal, leadsGroup };
    this.#tellGuardian({ watch: known });
    this.#records.add(known);
    const exited = part.exited.then((exit) => {
      this.#entries.splice(this.#entries.indexOf(entry), 1);
      this.#tellGuardian({ forget: pid });
      this.#records.remove(pid);
      if (!entry.ending && !part.endsByItself) this.#onExit(name, exit);
      return exit;
    });
    const entry: Entry = { known, exited, ending: false };
    this.#entries.push(entry);
    return {
      name,
      pid,
      logFile: partLogFile(this.#dataDir, name),
      exited,
      stop: async ({ signal = stopSignal } = {}) => {
        entry.ending = true;
        signalProcess(known, signal);
        if (await isDoneWithin(exited, STOP_SIGNALS_MS)) return;
        killProcess(known);
        await exited;
      },
    };
  }

  #onExit(part: string, exit: PartExit): void {
    if (this.#stopping !== undefined) return;
    const logFile = partLogFile(this.#dataDir, part);
    const lastLines = lastLogLines(this.#dataDir, part, CRASH_LINES).map((line) => line.slice(0, CRASH_LINE_LENGTH));
    this.#reportCrash(new PartCrashed({ part, exit, logFile, lastLines }));
  }

  async #stopAll(): Promise<void> {
    const deadline = Date.now() + STOP_SIGNALS_MS;
    const remainingMs = () => deadline - Date.now();
    const stopping: Entry[] = [];
    const stopOneByOne = async () => {
      for (let entry = this.#lastRunning(); entry !== undefined; entry = this.#lastRunning()) {
        entry.ending = true;
        stopping.push(entry);
        signalProcess(entry.known, entry.known.stopSignal);
        await isDoneWithin(entry.exited, Math.min(STOP_TURN_MS, remainingMs()));
      }
    };
    await stopOneByOne();
    // What a library was starting meanwhile.
    await isDoneWithin(Promise.allSettled(this.#adoptions), remainingMs());
    await stopOneByOne();

    const all = Promise.all(stopping.map(({ exited }) => exited));
    if (!(await isDoneWithin(all, remainingMs()))) {
      for (const { known } of stopping) if (isRunning(known)) killProcess(known);
      await isDoneWithin(all, KILL_MS);
    }
    this.#guardian.pipe?.end();
    if (!(await isDoneWithin(this.#guardian.exited, KILL_MS))) this.#guardian.process.kill('SIGKILL');
  }

  #lastRunning(): Entry | undefined {
    return this.#entries.findLast(({ ending }) => !ending);
  }

  #tellGuardian(message: GuardianMessage): void {
    this.#guardian.pipe?.write(`${JSON.stringify(message)}\n`);
  }
}

function startGuardian(dataDir: string) {
  const log = openPartLog(dataDir, 'guardian');
  const guardian = spawn(process.execPath, [fileURLToPath(new URL('guardian.ts', import.meta.url))], {
    env: baseEnvironment(process.env),
    stdio: ['pipe', log.fd, log.fd],
    detached: true,
  });
  log.close();
  // A guardian that is gone is reported as a crash; the write that finds it out need not fail as well.
  const { stdin } = guardian;
  stdin?.on('error', () => {});
  return { process: guardian, pipe: stdin, exited: once(guardian, 'exit') };
}

async function pollUntilGone(known: KnownProcess): Promise<PartExit> {
  while (isRunning(known)) await delay(ADOPTED_POLL_MS);
  return { code: null, signal: null };
}

async function isDoneWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const tooLate = delay(Math.max(0, ms), 'too late', { signal: timer.signal }).catch(() => 'too late');
  const outcome = await Promise.race([work, tooLate]);
  timer.abort();
  return outcome !== 'too late';
}

/** Never resolves: for a race. @throws {PartCrashed} what a part ended of that nobody had stopped. */
export async function failOnCrash({ crash }: { crash: Promise<PartCrashed> }): Promise<never> {
  throw await crash;
}
