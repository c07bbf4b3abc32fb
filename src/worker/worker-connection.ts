import { NativeConnection } from '@temporalio/worker';
import type { TemporalSettings } from '../config/temporal-settings.ts';

/** Gives `use` a connection of the kind that a worker needs, and closes it afterwards: then no worker may hold it. */
export async function withWorkerConnection(
  { namespace: _ofRequests, ...options }: TemporalSettings,
  use: (connection: NativeConnection) => Promise<void>,
): Promise<void> {
  const connection = await NativeConnection.connect(options);
  try {
    await use(connection);
  } catch (error) {
    // A worker that has failed may hold it for ever: its failure is what there is to tell.
    await connection.close().catch(() => {});
    throw error;
  }
  await connection.close();
}
