import { once } from 'node:events';
import process from 'node:process';
import type { NamespacedPostgresMessage } from './namespaced-postgres.ts';
import { startPostgres, type PostgresOptions } from './postgres.ts';

/** Inside the user namespace, where we are not root: starts PostgreSQL and forwards its output while it runs. */
const tell = (message: NamespacedPostgresMessage) => process.send?.(message);

const [settings] = (await once(process, 'message')) as [Omit<PostgresOptions, 'log'>];
try {
  const { stop, ...started } = await startPostgres({ ...settings, log: (line) => tell({ log: line }) });
  tell({ started });
  // The one message that follows.
  await once(process, 'message');
  await stop();
} catch (error) {
  tell({ failed: error instanceof Error ? error.message : String(error) });
}
process.disconnect();
