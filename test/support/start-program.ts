import { execa } from 'execa';
import { programFile } from '../../stack/program-file.ts';
import { compileCache } from './compile-cache.ts';
import type { Ended } from './run-program.ts';

/** Much longer than any of our programs takes to stop. */
const KILL_AFTER_MS = 30_000;

export interface StartedProgram {
  pid: number;
  /** What the program has printed so far to stdout and stderr. */
  output(): string;
  /** Sends SIGTERM, as for a container that is stopped, and waits for the program's end. */
  stop(): Promise<Ended>;
  ended: Promise<Ended>;
}

/** Starts one of our services as a process of its own. `environment` holds all its settings: it inherits none. */
export function startProgram(
  program: 'worker' | 'gateway' | 'worker/with-gateway' | 'codec-server',
  environment: Record<string, string>,
): StartedProgram {
  const main = programFile(`src/${program}/main.ts`);
  const running = execa(process.execPath, [main], {
    env: { ...compileCache(), ...environment },
    extendEnv: false,
    reject: false,
    forceKillAfterDelay: KILL_AFTER_MS,
  });
  const { pid } = running;
  if (pid === undefined) throw new Error(`${program} could not be started.`);
  let output = '';
  for (const stream of [running.stdout, running.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const waitForEnd = async (): Promise<Ended> => {
    const { exitCode, stdout, stderr } = await running;
    return { exitCode, stdout, stderr };
  };
  const ended = waitForEnd();
  return {
    pid,
    output: () => output,
    ended,
    async stop() {
      running.kill('SIGTERM');
      return await ended;
    },
  };
}
