import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { programFile } from '../../stack/program-file.ts';
import { compileCache } from './compile-cache.ts';

/** Longer than any of our command-line programs takes: `npm run deployment` waits for workers, up to 90 s. */
const TIMEOUT_MS = 150_000;

export interface Ended {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/**
 * Runs one of our programs as its npm script does, and waits for its end.
 *
 * @param environment all settings of the program: it inherits none.
 * @param onOutput receives each piece of stdout and stderr as the program prints it.
 */
export async function runProgram(
  program:
    | 'directus-apply'
    | 'temporal-apply'
    | 'doctor'
    | 'forget'
    | 'reconcile'
    | 'review'
    | 'ridendine'
    | 'deployment'
    | 'worker',
  args: string[],
  environment: Record<string, string>,
  onOutput?: (text: string) => void,
): Promise<Ended> {
  return await runNode(
    programFile(program === 'worker' ? 'src/worker/main.ts' : `src/cli/${program}/main.ts`),
    args,
    environment,
    onOutput,
  );
}

/** Like {@link runProgram}, for any file of the project. @param file a path from the project's root. */
export async function runFile(file: string, args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  return await runNode(fileURLToPath(new URL(`../../${file}`, import.meta.url)), args, environment);
}

async function runNode(
  file: string,
  args: string[],
  environment: Record<string, string>,
  onOutput: (text: string) => void = () => {},
): Promise<Ended> {
  const running = execa(process.execPath, [file, ...args], {
    env: { ...compileCache(), ...environment },
    extendEnv: false,
    reject: false,
    timeout: TIMEOUT_MS,
  });
  for (const stream of [running.stdout, running.stderr]) {
    stream.on('data', (chunk: Buffer) => onOutput(chunk.toString()));
  }
  const { exitCode, stdout, stderr } = await running;
  return { exitCode, stdout, stderr };
}

/** Expects that the program succeeded. @throws if not, with what the program printed to stderr. */
export function expectDone({ exitCode, stderr }: Ended): void {
  assert.equal(exitCode, 0, stderr);
}
