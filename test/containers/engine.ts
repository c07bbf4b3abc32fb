import { execa } from 'execa';
import { z } from 'zod';

const schema = z.object({
  /** The engine's name, for people. */
  name: z.string(),
  /** The program that takes the commands of `docker`, with its first arguments. */
  engine: z.array(z.string()).min(1),
  /** The program that takes the commands of `docker compose`, with its first arguments. */
  compose: z.array(z.string()).min(1),
  environment: z.record(z.string(), z.string()),
  /** Whether the stand-ins of `test/containers/images` take the place of third-party images. */
  hasStandIns: z.boolean(),
});

/** What starts containers: Docker, or podman with real Compose. */
export type Engine = z.output<typeof schema>;

const VARIABLE = 'CONTAINER_ENGINE';

/** The environment variables by which the tests find the engine that `run.ts` has started. */
export function engineVariables(engine: Engine): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(engine) };
}

/** @throws Error if the tests were not started by `run.ts`. */
export function engineOfThisRun(): Engine {
  const text = process.env[VARIABLE];
  if (text === undefined) throw new Error('These tests need an engine for containers: npm run test:containers');
  return schema.parse(JSON.parse(text));
}

/** Runs a command of `docker`. @returns what it prints. @throws Error with its output if it fails. */
export async function runEngine({ engine, environment }: Engine, ...args: string[]): Promise<string> {
  const [program = '', ...first] = engine;
  const { stdout } = await execa(program, [...first, ...args], { env: environment, stdin: 'ignore' });
  return stdout;
}
