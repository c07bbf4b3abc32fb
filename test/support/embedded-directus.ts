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
  /** Starts PostgreSQL again where Directus expects it, with its data, after a test has ended it. */
  startPostgresAgain(): Promise<RunningPostgres>;
  /** A second Directus beside the first, on the same database, with settings of Directus that differ. */
  startAnother(variables: Record<string, string>): Promise<{ url: string; stop(): Promise<void> }>;
  /** Ends Directus and PostgreSQL and removes their data. */
  stop(): Promise<void>;
}

/** Of PostgreSQL's data, in the data folder. */
export const POSTGRES_FOLDER = 'postgres';

const LAST_LINES = 20;
const START_ATTEMPTS = 3;

/** What a Directus and its database are started with, and need again for their data. */
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

/** A real Directus on a real PostgreSQL, empty, on free ports, in a folder of its own. Takes about 4 s. */
export async function startEmbeddedDirectus(): Promise<EmbeddedDirectus> {
  return await startDirectusIn(await openSupervisedFolder('embedded-directus'), newDirectusSecrets());
}

/** The same with the data that is in the folder, if there is any. The folder is removed if Directus does not start. */
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

/** A port that was free when Directus began to start may be taken seconds later, when it listens. */
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
