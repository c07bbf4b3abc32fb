import type { StackParts } from '../../stack/stack.ts';

/**
 * How each part is ended: Directus as by a deployment, the others as by a power cut. The codec server is left out: no
 * order passes through it.
 */
const endings = {
  worker: 'SIGKILL',
  temporal: 'SIGKILL',
  directus: 'SIGTERM',
  ridendine: 'SIGKILL',
  gateway: 'SIGKILL',
} as const satisfies Record<Exclude<keyof StackParts, 'codecServer'>, NodeJS.Signals>;

export type CrashKind = keyof typeof endings;

/** Names for messages and reports. */
export const crashNames = {
  worker: 'kill -9 of the worker',
  temporal: 'kill -9 of Temporal',
  directus: 'stop of Directus',
  ridendine: 'kill -9 of RideNDine',
  gateway: 'kill -9 of the gateway',
} as const satisfies Record<CrashKind, string>;

/** Ends a part, calls `whileDown`, starts the part again. @returns the time of the crash, by `performance.now()`. */
export async function crashAndRestart(
  parts: StackParts,
  kind: CrashKind,
  whileDown: () => Promise<void> = async () => {},
): Promise<number> {
  const part = parts[kind];
  if (part === undefined) throw new Error(`The stack does not run its own ${kind}.`);
  const crashedAt = performance.now();
  await part.stop({ signal: endings[kind] });
  try {
    await whileDown();
  } finally {
    await part.start();
  }
  return crashedAt;
}
