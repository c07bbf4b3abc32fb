import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { z } from 'zod';
import { freePort } from '../support/free-port.ts';
import { asEnvironmentFile } from '../production/variables.ts';
import { composeFile, developmentVariables, isOurs, loadComposeProject } from '../support/compose-project.ts';
import type { ComposeService } from '../support/compose-project.ts';
import { baseImage } from './base-image.ts';
import type { Engine } from './engine.ts';
import { runEngine } from './engine.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The Compose project of these tests. They do not touch the containers, volumes and networks of other projects. */
export const PROJECT = 'order-creation-containers-test';
/** The name of our image in these tests, so that they do not replace an image that somebody has built. */
export const IMAGE = 'cooco/order-creation:containers-test';

const containerSchema = z.object({ ID: z.string(), Service: z.string(), State: z.string(), ExitCode: z.number() });

export interface Container {
  id: string;
  service: string;
  isRunning: boolean;
  exitCode: number;
}

/** docker-compose.yml with `compose.dev.env`, on free ports. */
export interface Installation {
  services: Record<string, ComposeService>;
  /** Runs `docker compose` with these arguments. @returns its output. @throws Error with the output if it fails. */
  compose(args: string[], environment?: Record<string, string>): Promise<string>;
  /** Where a service listens on this machine, by its port in the container: `127.0.0.1:<port>`. */
  address(service: string, port: number): string;
  /** All containers of the installation, including those that have ended. */
  containers(): Promise<Container[]>;
  /** The running container of a service. @throws Error if there is none. */
  containerOf(service: string): Promise<string>;
  /** What all existing containers have written so far, by service. Includes containers that have ended. */
  logs(): Promise<Map<string, string>>;
  /** The sizes of our image and of its base image, in bytes. */
  imageSize(): Promise<{ whole: number; base: number }>;
  /** Deletes the folder with the installation's files. Containers stay. */
  close(): Promise<void>;
}

/** The variables of compose.dev.env, and those that start Alertmanager, with a receiver that does not exist. */
const variables = {
  ...developmentVariables(),
  COMPOSE_PROFILES: 'sandbox,alerts',
  ALERT_WEBHOOK_URL: 'http://receiver.invalid/',
};

/** Loads the services of docker-compose.yml. @param folder where to write the file with their variables. */
export async function loadServices(folder: string) {
  const environmentFile = path.join(folder, 'compose.env');
  await writeFile(environmentFile, asEnvironmentFile(variables));
  return { environmentFile, ...(await loadComposeProject(environmentFile)) };
}

export async function prepareInstallation(engine: Engine): Promise<Installation> {
  const folder = await mkdtemp(path.join(tmpdir(), 'containers-'));
  const { services, environmentFile } = await loadServices(folder);
  const ports = new Map<string, number>();
  const names = Object.entries(services).flatMap(([name, service]) =>
    service.ports.map(({ target }) => `${name}:${target}`),
  );
  for (const name of names) {
    while (!ports.has(name)) {
      const port = await freePort();
      if (![...ports.values()].includes(port)) ports.set(name, port);
    }
  }
  const override = path.join(folder, 'override.yml');
  await writeFile(override, overrideOf(services, ports, engine));

  const [program = '', ...first] = engine.compose;
  const files = ['--file', composeFile, '--file', override, '--env-file', environmentFile];
  const compose = async (args: string[], environment: Record<string, string> = {}) => {
    const { all } = await execa(program, [...first, ...files, '--project-name', PROJECT, '--ansi', 'never', ...args], {
      cwd: root,
      env: { ...engine.environment, ...environment },
      stdin: 'ignore',
      all: true,
    });
    return all;
  };
  const containers = async () => {
    const lines = (await compose(['ps', '--all', '--no-trunc', '--format', 'json'])).split('\n');
    return lines
      .filter((line) => line.startsWith('{'))
      .map((line) => containerSchema.parse(JSON.parse(line)))
      .map(({ ID, Service, State, ExitCode }) => ({
        id: ID,
        service: Service,
        isRunning: State === 'running',
        exitCode: ExitCode,
      }));
  };
  const sizeOf = async (image: string) =>
    Number(await runEngine(engine, 'image', 'inspect', '--format', '{{.Size}}', image));
  return {
    services,
    compose,
    containers,
    address(service, port) {
      const found = ports.get(`${service}:${port}`);
      if (found === undefined) throw new Error(`${service} publishes no port ${port} in docker-compose.yml.`);
      return `127.0.0.1:${found}`;
    },
    async containerOf(service) {
      const found = (await containers()).find((one) => one.service === service && one.isRunning);
      if (found === undefined) throw new Error(`No container of ${service} runs.`);
      return found.id;
    },
    async logs() {
      const found = new Map<string, string>();
      for (const { id, service } of await containers()) {
        const [engineProgram = '', ...args] = engine.engine;
        const { all } = await execa(engineProgram, [...args, 'logs', id], { env: engine.environment, all: true });
        found.set(service, `${found.get(service) ?? ''}${all}\n`);
      }
      return found;
    },
    async imageSize() {
      return { whole: await sizeOf(IMAGE), base: await sizeOf(await baseImage()) };
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A Compose file with everything that must differ from docker-compose.yml. */
function overrideOf(services: Record<string, ComposeService>, ports: Map<string, number>, engine: Engine): string {
  const changes = Object.entries(services).map(([name, service]) => {
    const published = service.ports.map(({ target }) => `127.0.0.1:${ports.get(`${name}:${target}`)}:${target}`);
    return [
      name,
      {
        ...(isOurs(service) ? { image: IMAGE } : {}),
        ...(published.length > 0 ? { ports: published } : {}),
        ...(engine.hasStandIns && service.build ? { build: { network: 'host' } } : {}),
        // Without this, podman would copy the image's files there. Docker does not.
        ...(engine.hasStandIns && service.tmpfs.length > 0
          ? { tmpfs: service.tmpfs.map((mount) => `${mount},notmpcopyup`) }
          : {}),
      },
    ] as const;
  });
  // `!override` makes these lists replace those of the compose file.
  return stringify({ services: Object.fromEntries(changes) }).replaceAll(/^( +)(ports|tmpfs):$/gm, '$1$2: !override');
}
