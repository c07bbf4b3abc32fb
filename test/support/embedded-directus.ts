import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startDirectus, type StartDirectusOptions } from '../../stack/directus/start-directus.ts';
import { freePort } from './free-port.ts';
import { startPostgres, type RunningPostgres } from '../../stack/postgres.ts';
import { openSupervisedFolder } from './supervised-folder.ts';
import type { SupervisedFolder } from './supervised-folder.ts';

export interface EmbeddedDirectus {
  url: string;
  adminToken: string;
  postgres: RunningPostgres;
  /** Starts PostgreSQL again with its data and on the same port, after a test has ended it. */
  startPostgresAgain(): Promise<RunningPostgres>;
  /** Starts a second Directus on the same database. `variables` are settings in which it differs from the first. */
  startAnother(variables: Record<string, string>): Promise<{ url: string; stop(): Promise<void> }>;
  /** Ends Directus and PostgreSQL and removes their data. */
  stop(): Promise<void>;
}

/** The folder of PostgreSQL's data, inside the data folder. */
export const POSTGRES_FOLDER = 'postgres';

const LAST_LINES = 20;
const START_ATTEMPTS = 3;

/** The secrets of a Directus and its database. They must be the same whenever the same data is used again. */
export interface DirectusSecrets {
  postgresPassword: string;
  adminToken: string;
  adminPassword: string;
  secret: string;
}

export function newDirectusSecrets(): DirectusSecrets {
  return {
    postgresPassword: randomSecret(),
    adminToken: randomSecret(),
    adminPassword: randomSecret(),
    secret: randomSecret(),
  };
}

/** Starts a real, empty Directus on a real PostgreSQL, on free ports and in a folder of its own. Takes about 4 s. */
export async function startEmbeddedDirectus(): Promise<EmbeddedDirectus> {
  return await startDirectusIn(await openSupervisedFolder('embedded-directus'), newDirectusSecrets());
}

/** Starts Directus with the data in the folder, if there is any. If Directus does not start, the folder is removed. */
export async function startDirectusIn(
  { dataDir, supervisor, stop }: SupervisedFolder,
  { postgresPassword, ...secrets }: DirectusSecrets,
): Promise<EmbeddedDirectus> {
  try {
    const settings = { supervisor, dataDir: join(dataDir, POSTGRES_FOLDER), password: postgresPassword };
    const postgres = await startPostgres(settings);
    const { adminToken } = secrets;
    const directus = {
      supervisor,
      dataDir: join(dataDir, 'directus'),
      postgres,
      adminEmail: 'admin@example.com',
      ...secrets,
    };
    const { url } = await startOnFreePort(dataDir, directus);
    return {
      url,
      adminToken,
      postgres,
      startPostgresAgain: () => startPostgres({ ...settings, port: postgres.port }),
      async startAnother(variables) {
        const another = await startOnFreePort(dataDir, { ...directus, variables });
        return { url: another.url, stop: () => another.part.stop() };
      },
      stop,
    };
  } catch (error) {
    const log = await readLog(dataDir);
    await stop();
    const lastLines = log.split('\n').slice(-LAST_LINES).join('\n');
    throw new Error(`The embedded Directus did not start. Its last lines:\n${lastLines}`, { cause: error });
  }
}

/** Tries again with another port: a port that is free now may be taken seconds later, when Directus listens on it. */
async function startOnFreePort(
  dataDir: string,
  options: Omit<StartDirectusOptions, 'port'>,
): Promise<Awaited<ReturnType<typeof startDirectus>>> {
  for (let attemptsLeft = START_ATTEMPTS - 1; ; attemptsLeft -= 1) {
    try {
      return await startDirectus({ ...options, port: await freePort() });
    } catch (error) {
      const portWasTaken = (await readLog(dataDir)).includes('is already in use');
      if (attemptsLeft === 0 || !portWasTaken) throw error;
    }
  }
}

function readLog(dataDir: string): Promise<string> {
  return readFile(join(dataDir, 'logs', 'directus.log'), 'utf8').catch(() => 'There is no log.');
}

export function randomSecret(): string {
  return randomBytes(24).toString('hex');
}
