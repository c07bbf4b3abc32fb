import { Connection } from '@temporalio/client';
import type { TemporalSettings } from '../../src/config/temporal-settings.ts';

/** The limit of one call. A wait for readiness may take longer, because it makes several calls. */
const CALL_TIMEOUT_MS = 2_000;

/** Calls `use` with a connection that is closed afterwards; every call through it has a deadline. */
export async function withTemporal<T>(
  settings: TemporalSettings,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = Connection.lazy(settings);
  try {
    return await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => use(connection));
  } finally {
    await connection.close();
  }
}
