import { execa } from 'execa';
import { z } from 'zod';

const schema = z.object({
  /** For a person. */
  name: z.string(),
  /** What takes the commands of `docker`, before their arguments. */
  engine: z.array(z.string()).min(1),
  /** What takes the commands of `docker compose`. */
  compose: z.array(z.string()).min(1),
  environment: z.record(z.string(), z.string()),
  /** Whether third-party images are those of `test/containers/images`. */
  hasStandIns: z.boolean(),
});

/** What starts containers: Docker, or podman with real Compose. */
export type Engine = z.output<typeof schema>;

const VARIABLE = 'CONTAINER_ENGINE';

/** By which the tests find the engine that `run.ts` has started. */
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
