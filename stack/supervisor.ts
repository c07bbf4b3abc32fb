import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { baseEnvironment } from './child-environment.ts';
import { lastLogLines, openPartLog, partLogFile } from './part-log.ts';
import { processIdentity } from './process-identity.mjs';
import { killGroup, removeRecord, signalProcess, writeRecord, type ProcessRecord } from './process-records.ts';

/** How long the next part waits for this one to end; the slowest, Temporal, takes 1.3 s. */
const STOP_TURN_MS = 1_800;
/** From here on nobody waits for another: whoever is left gets the signal at once, and has time to obey it. */
const STOP_TURNS_MS = 3_000;
/** All of it is gone 5 s after `stop()` at the latest: SIGKILL from here on. */
const STOP_SIGNALS_MS = 4_000;
const KILL_MS = 700;
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
  /** It does one job and ends: its end is no crash, unless `mustStay` is called. */
  endsByItself?: boolean;
  /** The user that runs it; the stack's own if not given. */
  user?: { uid: number; gid: number };
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
  /** From now on its end is a crash, although the command says `endsByItself`. */
  mustStay(): void;
}

/** A part ended that nobody had asked to. The message is one sentence for a person. */
export class PartCrashed extends Error {
  override readonly name = 'PartCrashed';
  readonly part: string;
  readonly lastLines: string[];

  constructor(part: string, { code, signal }: PartExit, dataDir: string) {
    const how = signal ?? `exit code ${code ?? 'unknown'}`;
    super(`${part} ended unexpectedly (${how}); its log is ${partLogFile(dataDir, part)}.`);
    this.part = part;
    this.lastLines = lastLogLines(dataDir, part, CRASH_LINES).map((line) => line.slice(0, CRASH_LINE_LENGTH));
  }
}

interface Entry {
  record: ProcessRecord;
  exited: Promise<PartExit>;
  /** Its end was asked for. */
  isEnding: boolean;
}

/**
 * Starts processes, and ends them with the stack: when the stack stops, when one of them crashes, when the stack's own
 * process is killed (the guardian ends the rest) and when all of them are killed (the next start ends what is left).
 *
 * Every part leads a process group: a Ctrl-C in the terminal reaches this process alone, which stops the parts in order.
 */
export class Supervisor {
  /** The first crash of a part; never rejects, and stays open while all is well. */
  readonly crash: Promise<PartCrashed>;
  readonly #dataDir: string;
  readonly #entries = new Set<Entry>();
  readonly #guardian: ReturnType<typeof startGuardian>;
  #reportCrash: (crash: PartCrashed) => void = () => {};
  #stopping: Promise<void> | undefined;

  /** @param options.dataDir nobody else uses it at the same time: see `lockDataFolder`. */
  constructor({ dataDir }: { dataDir: string }) {
    this.#dataDir = dataDir;
    this.#guardian = startGuardian(dataDir);
    this.crash = new Promise((resolve) => {
      this.#reportCrash = resolve;
    });
    void this.#guardian.exited.then(() => this.#onCrash('guardian', { code: null, signal: null }));
  }

  /** @throws Error with one sentence if the command can't be run, or the stack is stopping. */
  spawn({ name, command, args, env, cwd, stopSignal = 'SIGTERM', endsByItself = false, user }: PartCommand): Part {
    if (this.#stopping !== undefined) throw new Error(`${name} is not started any more: the stack is stopping.`);
    const log = openPartLog(this.#dataDir, name);
    // Not execa: the child writes its log by itself, so that it can go on to its end in order if this process is gone.
    const stdio = ['ignore' as const, log.fd, log.fd];
    const child = spawn(command, args, { env, ...(cwd && { cwd }), ...user, stdio, detached: true });
    log.close();
    child.on('error', () => {}); // without a pid, which is looked at next
    const { pid } = child;
    if (pid === undefined) throw new Error(`${name} can't be started: is ${command} there, and executable?`);

    const record = { name, identity: processIdentity(pid) ?? `${pid}@`, stopSignal, stackPid: process.pid };
    let crashes = !endsByItself;
    const exited = once(child, 'exit').then(([code, signal]): PartExit => {
      killGroup(record);
      removeRecord(this.#dataDir, record);
      this.#entries.delete(entry);
      if (crashes && !entry.isEnding) this.#onCrash(name, { code, signal });
      return { code, signal };
    });
    const entry: Entry = { record, exited, isEnding: false };
    this.#entries.add(entry);
    // Last: on a full disk it fails, and the part is stopped with the others.
    writeRecord(this.#dataDir, record);
    return {
      name,
      pid,
      logFile: partLogFile(this.#dataDir, name),
      exited,
      mustStay: () => {
        crashes = true;
        if (!entry.isEnding && !this.#entries.has(entry))
          this.#onCrash(name, { code: child.exitCode, signal: child.signalCode });
      },
      stop: async ({ signal = stopSignal } = {}) => {
        entry.isEnding = true;
        signalProcess(record, signal);
        if (!(await isDoneWithin(exited, STOP_SIGNALS_MS))) killGroup(record);
        await exited;
      },
    };
  }

  /** A log file for what is done in this process. */
  openLog(name: string): (line: string) => void {
    const { fd } = openPartLog(this.#dataDir, name);
    return (line) => void writeSync(fd, `${line}\n`);
  }

  /** Ends everything, the last started first, within 5 s. Again: the same promise. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  #onCrash(part: string, exit: PartExit): void {
    if (this.#stopping === undefined) this.#reportCrash(new PartCrashed(part, exit, this.#dataDir));
  }

  async #stopAll(): Promise<void> {
    const startedAt = Date.now();
    const remainingMs = (ofMs: number) => startedAt + ofMs - Date.now();
    const stopping = [...this.#entries].toReversed();
    for (const entry of stopping) {
      if (!entry.isEnding) signalProcess(entry.record, entry.record.stopSignal);
      entry.isEnding = true;
      await isDoneWithin(entry.exited, Math.min(STOP_TURN_MS, remainingMs(STOP_TURNS_MS)));
    }
    const all = Promise.all(stopping.map(({ exited }) => exited));
    if (!(await isDoneWithin(all, remainingMs(STOP_SIGNALS_MS)))) {
      for (const { record } of this.#entries) killGroup(record);
      await isDoneWithin(all, KILL_MS);
    }
    this.#guardian.pipe?.end();
    if (!(await isDoneWithin(this.#guardian.exited, KILL_MS))) this.#guardian.process.kill('SIGKILL');
  }
}

function startGuardian(dataDir: string) {
  const log = openPartLog(dataDir, 'guardian');
  const file = fileURLToPath(new URL('guardian.ts', import.meta.url));
  const guardian = spawn(process.execPath, [file, dataDir, String(process.pid)], {
    env: baseEnvironment(process.env),
    stdio: ['pipe', log.fd, log.fd],
    detached: true,
  });
  log.close();
  return { process: guardian, pipe: guardian.stdin, exited: once(guardian, 'exit') };
}

async function isDoneWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const isLate = delay(Math.max(0, ms), true, { signal: timer.signal }).catch(() => true);
  const outcome = await Promise.race([work.then(() => false), isLate]);
  timer.abort();
  return !outcome;
}

/** Never resolves: for a race. @throws {PartCrashed} what a part ended of that nobody had stopped. */
export async function failOnCrash({ crash }: { crash: Promise<PartCrashed> }): Promise<never> {
  throw await crash;
}
