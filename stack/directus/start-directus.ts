import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { baseEnvironment, DIRECTUS_PACKAGE_VARIABLE } from '../child-environment.ts';
import { startPart, type RestartablePart } from '../start-part.ts';
import type { Supervisor } from '../supervisor.ts';

export interface StartDirectusOptions {
  supervisor: Pick<Supervisor, 'spawn'>;
  /** Everything that Directus writes to disk goes here. */
  dataDir: string;
  port: number;
  postgres: { host: string; port: number; user: string; password: string; database: string };
  adminToken: string;
  /** Directus refuses an address without a real top-level domain: `admin@example.com` is accepted. */
  adminEmail: string;
  /** For a person who logs in to Data Studio. */
  adminPassword: string;
  /** Signs the sessions. At least 32 characters. If the secret stays the same, sessions survive a restart. */
  secret: string;
  /** Directus' own settings that override those below. */
  variables?: Record<string, string>;
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
    env: directusEnvironment(options, url),
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

/**
 * The whole environment of the embedded Directus. Of the caller's variables it has only those that every program gets,
 * and `DIRECTUS_PACKAGE_VARIABLE`. Directus reads no `.env` file of a working directory.
 */
function directusEnvironment(options: StartDirectusOptions, url: string): Record<string, string> {
  const { dataDir, port, postgres } = options;
  const packageFolder = process.env[DIRECTUS_PACKAGE_VARIABLE];
  return {
    ...baseEnvironment(process.env),
    ...(packageFolder && { [DIRECTUS_PACKAGE_VARIABLE]: packageFolder }),
    NODE_ENV: 'production',
    CONFIG_PATH: join(dataDir, 'no.env'),
    HOST,
    PORT: String(port),
    PUBLIC_URL: url,
    SECRET: options.secret,
    DB_CLIENT: 'pg',
    DB_HOST: postgres.host,
    DB_PORT: String(postgres.port),
    DB_USER: postgres.user,
    DB_PASSWORD: postgres.password,
    DB_DATABASE: postgres.database,
    ADMIN_EMAIL: options.adminEmail,
    ADMIN_PASSWORD: options.adminPassword,
    ADMIN_TOKEN: options.adminToken,
    PROJECT_NAME: 'COOCO',
    PROJECT_OWNER_ENABLED: 'false',
    STORAGE_LOCAL_ROOT: join(dataDir, 'uploads'),
    EXTENSIONS_PATH: join(dataDir, 'extensions'),
    MIGRATIONS_PATH: join(dataDir, 'migrations'),
    EMAIL_TEMPLATES_PATH: join(dataDir, 'templates'),
    TEMP_PATH: join(dataDir, 'temp'),
    EMAIL_VERIFY_SETUP: 'false',
    LOG_LEVEL: 'warn',
    LOG_STYLE: 'raw',
    TELEMETRY: 'false',
    // Directus measures its own load. A stack that has just started looks overloaded, and Directus would answer 503.
    PRESSURE_LIMITER_ENABLED: 'false',
    RATE_LIMITER_ENABLED: 'false',
    // With a cache, Directus could answer with data from before an order was written.
    CACHE_ENABLED: 'false',
    // Otherwise Directus copies the whole schema for each request, in case an extension changes it.
    CACHE_SCHEMA_FREEZE_ENABLED: 'true',
    WEBSOCKETS_ENABLED: 'false',
    MCP_ENABLED: 'false',
    AI_ENABLED: 'false',
    ...options.variables,
  };
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
