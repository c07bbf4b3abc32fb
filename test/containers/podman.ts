import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import path from 'node:path';
import pWaitFor from 'p-wait-for';
import { lockFolder } from '../../stack/process-lock.mjs';
import { findOnPath } from '../../stack/temporal/find-program.ts';
import { toolCacheFolder } from '../../stack/temporal/tool-cache.ts';
import type { Engine } from './engine.ts';
import { runEngine } from './engine.ts';
import { IMAGE } from './installation.ts';
import { startHealthChecks } from './health-checks.ts';

/** Holds podman's state until the next start of the machine. Podman needs a short path. */
const RUN_FOLDER = '/run/order-creation-containers';
const START_TIMEOUT_MS = 30_000;
/** If this program is killed, podman's service ends by itself after this time without requests. */
const IDLE_SECONDS = '300';

export interface RunningEngine {
  engine: Engine;
  /** Removes all containers, volumes and networks, and ends the engine. Images stay for the next run. */
  stop(): Promise<void>;
}

/**
 * Starts podman's service with a store of its own. The service does not see or touch the images, containers and
 * networks of this machine's user.
 *
 * @param compose the path of Docker Compose.
 * @throws Error with one sentence if the service cannot be started.
 */
export async function startPodman(compose: string): Promise<RunningEngine> {
  if (process.getuid?.() !== 0) throw new Error('podman needs root here: run this command as root.');
  const folder = path.join(path.dirname(toolCacheFolder()), 'containers');
  const lock = await lockFolder(path.join(folder, 'lock'), async () => {
    throw new Error('Another npm run test:containers is under way on this machine.');
  });
  // Removes the builder's caches, so that every build starts from nothing.
  await rm(path.join(folder, 'tmp'), { recursive: true, force: true });
  for (const name of ['tmp', 'networks']) await mkdir(path.join(folder, name), { recursive: true });
  await mkdir(RUN_FOLDER, { recursive: true });
  const configuration = path.join(folder, 'containers.conf');
  await writeFile(configuration, await configurationOf());

  const socket = `unix://${RUN_FOLDER}/podman.sock`;
  const log = openSync(path.join(folder, 'podman.log'), 'w');
  const service = spawn(
    'podman',
    [
      `--root=${path.join(folder, 'store')}`,
      `--runroot=${path.join(RUN_FOLDER, 'store')}`,
      `--tmpdir=${path.join(RUN_FOLDER, 'tmp')}`,
      `--network-config-dir=${path.join(folder, 'networks')}`,
      'system',
      'service',
      `--time=${IDLE_SECONDS}`,
      socket,
    ],
    {
      // In a folder with a Dockerfile, podman may use that Dockerfile for any image.
      cwd: folder,
      // Without this, Ctrl-C would end the service before it has removed the containers.
      detached: true,
      env: {
        ...process.env,
        CONTAINERS_CONF: configuration,
        TMPDIR: path.join(folder, 'tmp'),
        BUILDAH_ISOLATION: 'chroot',
      },
      stdio: ['ignore', log, log],
    },
  );
  const ended = new Promise<void>((resolve) => {
    service.once('error', () => resolve());
    service.once('exit', () => resolve());
  });
  const engine: Engine = {
    name: 'podman',
    engine: ['podman', '--remote', '--url', socket],
    compose: [compose],
    environment: {
      DOCKER_HOST: socket,
      // Podman supports only the older of Docker's two protocols for builds.
      DOCKER_BUILDKIT: '0',
    },
    hasStandIns: true,
  };
  let checks: { stop(): Promise<void> } | undefined;
  const stop = async () => {
    await checks?.stop();
    const isRunning = service.pid !== undefined && service.exitCode === null;
    if (isRunning) await removeAll(engine).catch(complain);
    service.kill('SIGTERM');
    await ended;
    lock.release();
  };
  try {
    const listening = pWaitFor(() => isListening(socket.slice('unix://'.length)), {
      interval: 100,
      timeout: START_TIMEOUT_MS,
    });
    listening.catch(() => {});
    await Promise.race([
      listening,
      ended.then(() => {
        throw new Error('The service ended.');
      }),
    ]);
    // Removes what a killed run has left behind.
    await removeAll(engine);
    // Leaves no layer of our own image, so that its build starts from nothing. The stand-ins have names and stay.
    await runEngine(engine, 'rmi', '--force', IMAGE).catch(() => {});
    await runEngine(engine, 'image', 'prune', '--force');
  } catch (error) {
    await stop();
    const reason = readFileSync(path.join(folder, 'podman.log'), 'utf8').trim().split('\n').at(-1);
    throw new Error(`podman does not start here (${reason}).`, { cause: error });
  }
  checks = startHealthChecks(engine);
  return { engine, stop };
}

/** Removes all containers, volumes and networks. The store holds only those of these tests. */
async function removeAll(engine: Engine): Promise<void> {
  const containers = (await runEngine(engine, 'ps', '--all', '--quiet')).split('\n').filter((id) => id !== '');
  if (containers.length > 0) await runEngine(engine, 'rm', '--force', '--time', '1', ...containers);
  await runEngine(engine, 'volume', 'prune', '--force');
  await runEngine(engine, 'network', 'prune', '--force');
}

/** The configuration that podman cannot find out by itself on a machine without systemd. */
async function configurationOf(): Promise<string> {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const limit = (name: string) => Number(new RegExp(`^${name}\\s+\\S+\\s+(\\d+)`, 'm').exec(limits)?.[1] ?? Infinity);
  // Podman lowers its own limit to the kernel's greatest process id.
  const processes = Math.min(limit('Max processes'), Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')));
  const ulimits = Object.entries({ nofile: limit('Max open files'), nproc: processes })
    .filter(([, most]) => Number.isFinite(most))
    .map(([name, most]) => `"${name}=${most}:${most}"`);
  const init = await findOnPath('catatonit', process.env['PATH']);
  return `[containers]
# No higher than those of this program, which may not be raised everywhere.
default_ulimits = [${ulimits.join(', ')}]
${init === undefined ? '' : `init_path = "${init}"`}
[engine]
# crun refuses the mixture of old and new control groups that some machines have.
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
${init === undefined ? '' : `init_path = "${init}"`}
[network]
network_backend = "netavark"
`;
}

async function isListening(file: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const socket = createConnection(file);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function complain(error: unknown): void {
  process.stderr.write(`Not everything could be removed: ${error instanceof Error ? error.message : String(error)}\n`);
}
