import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import { findComposeLoader } from './find-compose-loader.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const composeFile = `${root}docker-compose.yml`;
export const developmentEnvironment = `${root}compose.dev.env`;

/** The first run fetches and compiles the loader. */
export const COMPOSE_LOADING_MS = 180_000;

/** Compose's default: how long a container may take to stop. */
const STOP_GRACE_MS = 10_000;

const duration = z.string().transform((text) => goDurationMs(text));

const serviceSchema = z.object({
  image: z.string(),
  build: z.object({ dockerfile: z.string(), args: z.record(z.string(), z.string()) }).optional(),
  pull_policy: z.string().optional(),
  user: z.string().optional(),
  entrypoint: z.array(z.string()).nullish(),
  command: z.array(z.string()).nullish(),
  restart: z.enum(['no', 'on-failure', 'unless-stopped']),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z
    .record(
      z.string(),
      z.object({
        condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
        required: z.boolean(),
      }),
    )
    .default({}),
  ports: z.array(z.object({ host_ip: z.string().optional(), target: z.number(), published: z.string() })).default([]),
  volumes: z
    .array(
      z.object({
        type: z.enum(['bind', 'volume']),
        source: z.string(),
        target: z.string(),
        read_only: z.boolean().default(false),
      }),
    )
    .default([]),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  // The defaults are Docker's.
  healthcheck: z
    .object({
      test: z.array(z.string()).min(2),
      interval: duration.default(30_000),
      timeout: duration.default(30_000),
      retries: z.number().default(3),
      start_period: duration.default(0),
    })
    .optional(),
  stop_grace_period: duration.default(STOP_GRACE_MS),
});

/** A service as the Compose specification's loader resolves it. */
export type ComposeService = z.output<typeof serviceSchema>;

/** Whether a service runs a program of our own image. */
export function isOurs({ image }: ComposeService): boolean {
  return image.startsWith('cooco/');
}

/** How our image is built. One service says this for all. @throws Error if no service says how to build it. */
export function buildOf({ services }: Pick<ComposeProject, 'services'>) {
  const build = Object.values(services).find((service) => service.build !== undefined)?.build;
  if (build === undefined) throw new Error('No service of docker-compose.yml builds the image.');
  return build;
}

export interface ComposeProject {
  services: Record<string, ComposeService>;
  /** The loader's warnings; empty if there are none. */
  warnings: string;
}

/**
 * Loads docker-compose.yml with the variables of `environmentFile` alone, and with all profiles that the file names.
 *
 * @throws Error with the loader's message if it refuses the file.
 */
export async function loadComposeProject(environmentFile: string): Promise<ComposeProject> {
  const { exitCode, stdout, stderr } = await runComposeLoader(environmentFile);
  if (exitCode !== 0) throw new Error(`docker-compose.yml is refused: ${stderr}`);
  const { services } = z.object({ services: z.record(z.string(), serviceSchema) }).parse(JSON.parse(stdout));
  return { services, warnings: stderr };
}

/** The variables that `compose.dev.env` sets. */
export function developmentVariables(): Record<string, string> {
  const lines = readFileSync(developmentEnvironment, 'utf8').matchAll(/^(\w+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}

/** Runs the reference loader of the Compose specification, which is a Go program. */
export async function runComposeLoader(environmentFile: string) {
  const loader = await findComposeLoader(process.env);
  return await execa(loader, [composeFile, environmentFile], { cwd: `${root}test/compose`, reject: false });
}

const unitsMs: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** @param text a duration in Go's format, such as `1m30s`. */
function goDurationMs(text: string): number {
  const parts = [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (unitsMs[unit] ?? Number.NaN), 0);
}
