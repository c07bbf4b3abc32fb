import process from 'node:process';
import type { NamespacedPostgresMessage } from './namespaced-postgres.ts';
import { startPostgres, type PostgresOptions } from './postgres.ts';

/** Inside the user namespace, where we are not root: starts PostgreSQL and forwards its output while it runs. */
const tell = (message: NamespacedPostgresMessage) => process.send?.(message);

process.once('message', (settings: Omit<PostgresOptions, 'log'>) => {
  startPostgres({ ...settings, log: (line) => tell({ log: line }) }).then(
    ({ stop, ...started }) => {
      process.once('message', () => void stop().then(() => process.exit()));
      tell({ started });
    },
    (error: unknown) => {
      tell({ failed: error instanceof Error ? error.message : String(error) });
      process.disconnect();
    },
  );
});
