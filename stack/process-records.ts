import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { endAll, isRunning, type KnownProcess } from './known-process.ts';

/** What an earlier run left gets this long to end in order, then is killed; 30 s together. */
const LEFTOVER_GRACE_MS = 25_000;
const LEFTOVER_KILL_MS = 5_000;

const recordSchema = z.object({
  name: z.string(),
  pid: z.int().positive(),
  startedAt: z.string(),
  stopSignal: z.custom<NodeJS.Signals>((value) => typeof value === 'string' && value.startsWith('SIG')),
  leadsGroup: z.boolean(),
});

/**
 * The running processes of a data folder, one file each: what a start after a `kill -9` of everything goes by.
 */
export class ProcessRecords {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = path.join(dataDir, 'run', 'processes');
    mkdirSync(this.#folder, { recursive: true });
  }

  add(known: KnownProcess): void {
    const file = this.#fileOf(known.pid);
    writeFileSync(`${file}.new`, JSON.stringify(known));
    renameSync(`${file}.new`, file);
  }

  remove(pid: number): void {
    rmSync(this.#fileOf(pid), { force: true });
  }

  /**
   * Ends what an earlier run of this data folder has left running, within 30 s, and forgets all of it.
   *
   * @param onFound told once, before the wait, if there is anything.
   * @throws Error with one sentence if something can't be ended.
   */
  async endLeftovers(onFound: (names: string[]) => void): Promise<void> {
    const leftovers = this.#read().filter(isRunning);
    if (leftovers.length > 0) {
      onFound(leftovers.map(({ name }) => name));
      const stubborn = await endAll(leftovers, { graceMs: LEFTOVER_GRACE_MS, killMs: LEFTOVER_KILL_MS });
      const [first] = stubborn;
      if (first !== undefined) {
        throw new Error(
          `An earlier run left ${first.name} (process ${first.pid}) behind and it can't be ended: end it and start again.`,
        );
      }
    }
    for (const name of readdirSync(this.#folder)) rmSync(path.join(this.#folder, name), { force: true });
  }

  #read(): KnownProcess[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => readRecord(path.join(this.#folder, name)) ?? []);
  }

  #fileOf(pid: number): string {
    return path.join(this.#folder, `${pid}.json`);
  }
}

function readRecord(file: string): KnownProcess | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Of another version of the stack, or damaged: no ground to end a process on.
    return undefined;
  }
}
