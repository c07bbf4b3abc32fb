import { NativeConnection } from '@temporalio/worker';
import type { TemporalSettings } from '../config/temporal-settings.ts';

/** Gives `use` a worker's connection, and closes the connection afterwards. No worker may hold it any more by then. */
export async function withWorkerConnection(
  { namespace: _ofRequests, ...options }: TemporalSettings,
  use: (connection: NativeConnection) => Promise<void>,
): Promise<void> {
  const connection = await NativeConnection.connect(options);
  try {
    await use(connection);
  } catch (error) {
    // A failed worker may hold the connection for ever. The worker's failure counts, not that of `close`.
    await connection.close().catch(() => {});
    throw error;
  }
  await connection.close();
}
