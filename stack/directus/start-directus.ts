import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPart, type RestartablePart } from '../start-part.ts';
import type { Supervisor } from '../supervisor.ts';
import { directusEnvironment, type DirectusSettings } from './environment.ts';

export interface StartDirectusOptions extends Omit<DirectusSettings, 'host'> {
  supervisor: Pick<Supervisor, 'spawn'>;
}

const HOST = '127.0.0.1';

/** Ten times what a first start takes on two slow cores. */
const READY_TIMEOUT_MS = 60_000;

/** Limit of one request of the readiness check. Even the first answer of a busy Directus takes less. */
const PROBE_TIMEOUT_MS = 5000;

/**
 * Starts the embedded Directus, in one child process, and waits until it serves.
 *
 * @throws Error with one sentence if the child ends (for example because the port is taken) or is not ready in time.
 */
export async function startDirectus(options: StartDirectusOptions): Promise<{ url: string; part: RestartablePart }> {
  const { supervisor, dataDir, port, adminToken } = options;
  const url = `http://${HOST}:${port}`;
  await prepareFolder(dataDir);
  const command = {
    name: 'directus',
    command: process.execPath,
    args: [fileURLToPath(new URL('server.ts', import.meta.url))],
    env: directusEnvironment({ ...options, host: HOST }),
    cwd: dataDir,
  };
  const part = await startPart({
    name: 'Directus',
    spawn: () => supervisor.spawn(command),
    timeoutMs: READY_TIMEOUT_MS,
    isReady: () => acceptsToken(url, adminToken),
  });
  return { url, part };
}

/** Makes the folders and the file that Directus looks for: it logs a warning for each one that is missing. */
async function prepareFolder(dataDir: string): Promise<void> {
  await mkdir(join(dataDir, 'uploads'), { recursive: true });
  await mkdir(join(dataDir, 'extensions'), { recursive: true });
  await writeFile(join(dataDir, 'package.json'), '{ "private": true }\n');
}

/** Whether our own Directus answers: any other server at this address does not accept our token. */
async function acceptsToken(url: string, token: string): Promise<boolean> {
  const answer = await fetch(`${url}/users/me?fields=id`, {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'manual',
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
  });
  return answer.status === 200 && (await answer.text()).includes('"id"');
}
