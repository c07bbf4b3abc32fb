// Outlives a stack that is killed, and then ends what it has left. Its standard input is a pipe from the stack: one
// JSON line for each process that comes or goes. The system closes the pipe however the stack ends.
import { createInterface } from 'node:readline';
import { endAll, killGroup, type KnownProcess } from './known-process.ts';

/** A process that comes, or the pid of one that has ended as it should. */
export type GuardianMessage = { watch: KnownProcess } | { forget: number };

const GRACE_MS = 3_000;
const KILL_MS = 2_000;

const watched = new Map<number, KnownProcess>();

// Whoever signals the whole stack means the stack: this process ends by the pipe alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  // The writer is the stack itself; its last line may be cut short by its death.
  const message = parse(line);
  if (message === undefined) continue;
  if ('watch' in message) watched.set(message.watch.pid, message.watch);
  else watched.delete(message.forget);
}

await endAll([...watched.values()], { graceMs: GRACE_MS, killMs: KILL_MS });
for (const { pid, leadsGroup } of watched.values()) if (leadsGroup) killGroup(pid);

function parse(line: string): GuardianMessage | undefined {
  try {
    return JSON.parse(line) as GuardianMessage;
  } catch {
    return undefined;
  }
}
