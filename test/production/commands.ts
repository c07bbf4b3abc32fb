import { createRequire } from 'node:module';
import path from 'node:path';
import { baseEnvironment } from '../../stack/child-environment.ts';
import type { PartCommand } from '../../stack/supervisor.ts';
import { buildOf, isOurs } from '../support/compose-project.ts';
import type { ComposeProject, ComposeService } from '../support/compose-project.ts';
import { imageEnvironment } from './image.ts';
import type { Places } from './places.ts';
import { prometheusCommand } from './prometheus.ts';
import type { Tools } from './tools.ts';

/** Everything that the command of a service on this machine depends on. */
export interface Site {
  project: ComposeProject;
  places: Places;
  tools: Tools;
  /** The folder of the installation, with all its files. */
  folder: string;
  /** The folder with what the Dockerfile puts into `/app`. */
  appFolder: string;
}

/** @returns the command that runs a service's program. @throws Error if the service is not known here. */
export function commandOf(site: Site, name: string): PartCommand {
  const service = serviceOf(site.project, name);
  if (isOurs(service)) return programCommand(site, name, service);
  if (service.entrypoint) return scriptCommand(site, name, service.entrypoint);
  if (name === 'temporal') return temporalCommand(site);
  if (name === 'directus') return directusCommand(site, 'start');
  if (name === 'prometheus') return prometheusCommand(site, environmentOf(site, name));
  throw new Error(`Nothing here knows how to start ${name} of docker-compose.yml: teach it, or leave it out.`);
}

export function serviceOf({ services }: ComposeProject, name: string): ComposeService {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}.`);
  return found;
}

/** The folder that takes the place of a service's `/tmp`. */
export function temporaryFolder({ folder }: Pick<Site, 'folder'>, name: string): string {
  return path.join(folder, 'tmp', name);
}

/** A program of our own image, as the image runs it. */
function programCommand(site: Site, name: string, service: ComposeService): PartCommand {
  const { places, appFolder } = site;
  const { command, read_only: isReadOnly, tmpfs } = service;
  const [program, ...args] = command ?? [];
  if (program !== 'node') throw new Error(`${name} is run by ${program}, and the image has Node alone.`);
  const writable = [...places.writable(name), ...(tmpfs.length > 0 ? [temporaryFolder(site, name)] : [])];
  return {
    name,
    command: process.execPath,
    args: [...(isReadOnly ? confinement(writable) : []), ...args],
    env: { ...environmentOf(site, name), ...variablesOfImage(site), ...places.environment(name) },
    cwd: appFolder,
  };
}

/** The variables that the image sets. Paths below `/app/` become paths below the installation's own folder. */
function variablesOfImage({ appFolder, project }: Site): Record<string, string> {
  const variables = imageEnvironment(buildOf(project));
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replaceAll('/app/', `${appFolder}/`)]),
  );
}

/**
 * Options of Node that take the place of a container's `read_only`: Node ends a program that writes elsewhere or that
 * starts another program. Node does not watch libraries that are not written in JavaScript.
 */
function confinement(writable: string[]): string[] {
  return [
    '--permission',
    '--allow-fs-read=*',
    '--allow-addons',
    '--allow-worker',
    ...writable.map((folder) => `--allow-fs-write=${folder}/*`),
  ];
}

/** A script of deploy/, in an image that has `temporal` and `temporal-sql-tool`. */
function scriptCommand(site: Site, name: string, [command = '', ...args]: string[]): PartCommand {
  const { places, tools } = site;
  return {
    name,
    command,
    args: args.map((arg) => places.text(name, arg)),
    env: {
      ...environmentOf(site, name),
      TEMPORAL_SCHEMA_DIR: tools.temporal.schemaFolder,
      ...places.environment(name),
    },
  };
}

/** The ports of Temporal's server, by the variables that set them. */
const temporalPorts = {
  FRONTEND_GRPC_PORT: 7233,
  FRONTEND_MEMBERSHIP_PORT: 6933,
  FRONTEND_HTTP_PORT: 7243,
  MATCHING_GRPC_PORT: 7235,
  MATCHING_MEMBERSHIP_PORT: 6935,
  HISTORY_GRPC_PORT: 7234,
  HISTORY_MEMBERSHIP_PORT: 6934,
  WORKER_GRPC_PORT: 7239,
  WORKER_MEMBERSHIP_PORT: 6939,
};

/** The ports of Temporal's server, which docker-compose.yml need not name. */
export const innerPorts = Object.values(temporalPorts).map((port) => ({ service: 'temporal', port }));

/** The command with which the image starts the server. The server makes its configuration from its variables. */
function temporalCommand(site: Site): PartCommand {
  const { places, tools } = site;
  const ports = Object.entries(temporalPorts).map(([name, port]) => [name, String(places.port('temporal', port))]);
  return {
    name: 'temporal',
    command: path.join(tools.temporal.binFolder, 'temporal-server'),
    args: ['start'],
    env: {
      ...environmentOf(site, 'temporal'),
      ...places.environment('temporal'),
      ...Object.fromEntries(ports),
    },
  };
}

const directusProgram = createRequire(createRequire(import.meta.url).resolve('directus/package.json')).resolve(
  '@directus/api/cli/run.js',
);

/** The commands of the image: first `bootstrap`, which makes or upgrades the database, and then `start`. */
export function directusCommand(site: Site, action: 'bootstrap' | 'start'): PartCommand {
  const { places, folder } = site;
  return {
    name: action === 'start' ? 'directus' : `directus-${action}`,
    command: process.execPath,
    args: [directusProgram, action],
    env: {
      ...environmentOf(site, 'directus'),
      // The image sets this variable.
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(places.port('directus', 8055)),
      STORAGE_LOCAL_ROOT: places.file('directus', '/directus/uploads'),
      ...places.environment('directus'),
      TEMP_PATH: temporaryFolder(site, 'directus'),
    },
    cwd: path.join(folder, 'directus'),
  };
}

/** The variables that every program gets besides those that compose sets. */
function environmentOf(site: Site, name: string): Record<string, string> {
  // Node's cache of compiled code is in a folder to which a container may not write.
  const { NODE_COMPILE_CACHE: _, ...base } = baseEnvironment(process.env);
  return {
    ...base,
    PATH: site.tools.searchPath,
    // The home of a user who owns no files.
    HOME: path.join(site.folder, 'home'),
    TMPDIR: temporaryFolder(site, name),
  };
}
