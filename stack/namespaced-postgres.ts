import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { PostgresOptions, RunningPostgres } from './postgres.ts';

/** The user `daemon`, which every Unix has: PostgreSQL wants its user to have a name. */
const NAMED_USER = 1;

const childScript = fileURLToPath(new URL('namespaced-postgres-child.ts', import.meta.url));

/** What the child says. */
export type NamespacedPostgresMessage =
  { log: string } | { started: Omit<RunningPostgres, 'stop'> } | { failed: string };

/**
 * Starts PostgreSQL for root where PostgreSQL's own user can't walk to the files: as root under the name of another
 * user, in a user namespace. Linux only, and not in every container.
 *
 * @returns `undefined` where there are no user namespaces to be had.
 * @throws Error with one sentence if PostgreSQL itself does not start.
 */
export async function startNamespacedPostgres(options: PostgresOptions): Promise<RunningPostgres | undefined> {
  if (process.platform !== 'linux') return undefined;
  const { log, ...settings } = options;
  const child = spawn(
    'unshare',
    ['--user', `--map-user=${NAMED_USER}`, `--map-group=${NAMED_USER}`, process.execPath, childScript],
    // It forwards PostgreSQL's output for as long as PostgreSQL runs, and must not be what keeps us alive.
    { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true },
  );
  child.unref();
  child.on('error', () => {}); // no such program: it never connects
  const started = new Promise<Omit<RunningPostgres, 'stop'> | undefined>((resolve, reject) => {
    child.on('message', (message: NamespacedPostgresMessage) => {
      if ('log' in message) log(message.log);
      else if ('started' in message) resolve(message.started);
      else reject(new Error(message.failed));
    });
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
  });
  if (child.pid !== undefined) child.send(settings);
  const postgres = await started;
  child.channel?.unref();
  return (
    postgres && {
      ...postgres,
      async stop() {
        child.ref();
        const exited = once(child, 'exit');
        child.send('stop');
        await exited;
      },
    }
  );
}
