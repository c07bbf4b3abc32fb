import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { baseEnvironment } from './child-environment.ts';
import { lastLogLines, openPartLog, partLogFile } from './part-log.ts';
import { processIdentity } from './process-identity.mjs';
import { killGroup, removeRecord, signalProcess, writeRecord, type ProcessRecord } from './process-records.ts';

/** How long a stop waits for one part to end before it signals the next. The slowest, Temporal, takes 1.3 s. */
const STOP_TURN_MS = 1_800;
/** After this time, all parts that are left get their signal at once, so that they still have time to end. */
const STOP_TURNS_MS = 3_000;
/** After this time, parts that are left get SIGKILL. So everything has ended 5 s after `stop()` at the latest. */
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
  /** The command does one job and ends. Its end is no crash, unless `mustStay` is called. */
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
  /** Ends the part. This is no crash; a test can simulate one with the signal `SIGKILL`. */
  stop(options?: { signal?: NodeJS.Signals }): Promise<void>;
  /** From now on, the part's end is a crash, although the command says `endsByItself`. */
  mustStay(): void;
}

/** A part ended although nobody stopped it. The message is one sentence for a person. */
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
  /** The part was told to end. */
  isEnding: boolean;
}

/**
 * Starts processes, and ends them with the stack: when the stack stops, when one of them crashes, when the stack's own
 * process is killed (the guardian ends the rest) and when all of them are killed (the next start ends what is left).
 *
 * Every part leads a process group. So a Ctrl-C in the terminal reaches only this process, which stops the parts in
 * order.
 */
export class Supervisor {
  readonly #crash = Promise.withResolvers<PartCrashed>();
  /** Resolves with the first crash of a part, and never rejects. */
  readonly crash = this.#crash.promise;
  readonly #dataDir: string;
  readonly #entries = new Set<Entry>();
  readonly #guardian: ReturnType<typeof startGuardian>;
  #stopping: Promise<void> | undefined;

  /** @param options.dataDir must not be used by another stack at the same time: see `lockDataFolder`. */
  constructor({ dataDir }: { dataDir: string }) {
    this.#dataDir = dataDir;
    this.#guardian = startGuardian(dataDir);
    void this.#guardian.exited.then(() => this.#onCrash('guardian', { code: null, signal: null }));
  }

  /** @throws Error with one sentence if the command can't be run, or the stack is stopping. */
  spawn({ name, command, args, env, cwd, stopSignal = 'SIGTERM', endsByItself = false, user }: PartCommand): Part {
    if (this.#stopping !== undefined) throw new Error(`${name} is not started any more: the stack is stopping.`);
    const log = openPartLog(this.#dataDir, name);
    // Not execa: the child must write its log by itself, so that it can still end in order if this process is gone.
    const stdio = ['ignore' as const, log.fd, log.fd];
    const child = spawn(command, args, { env, ...(cwd && { cwd }), ...user, stdio, detached: true });
    log.close();
    child.on('error', () => {}); // a child that could not start has no pid, which is checked next
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
    // Last, because this fails on a full disk. Then the part is already known, and is stopped with the others.
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

  /** Opens a log file for work that this process does itself. @returns a function that writes one line. */
  openLog(name: string): (line: string) => void {
    const { fd } = openPartLog(this.#dataDir, name);
    return (line) => void writeSync(fd, `${line}\n`);
  }

  /** Ends all parts within 5 s, the last started first. A second call returns the same promise. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  #onCrash(part: string, exit: PartExit): void {
    if (this.#stopping === undefined) this.#crash.resolve(new PartCrashed(part, exit, this.#dataDir));
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

/** For `Promise.race`: never resolves. @throws {PartCrashed} as soon as a part crashes. */
export async function failOnCrash({ crash }: { crash: Promise<PartCrashed> }): Promise<never> {
  throw await crash;
}
