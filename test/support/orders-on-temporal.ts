import { Client, Connection } from '@temporalio/client';
import { openTemporalAccess } from '../../src/temporal/temporal-access.ts';
import { startEmbeddedTemporal } from './embedded-temporal.ts';
import type { EmbeddedTemporal } from './embedded-temporal.ts';
import { createOrderWorker } from './order-worker.ts';
import type { OrderWorker } from './order-worker.ts';
import { startedOrders } from './started-orders.ts';
import type { StartedOrders } from './started-orders.ts';
import { testDataConverter } from './test-encryption.ts';

/** A Temporal server with a worker, a client, an operator's access, and runs for orders. */
export interface OrdersOnTemporal {
  temporal: EmbeddedTemporal;
  worker: OrderWorker;
  connection: Connection;
  client: Client;
  access: ReturnType<typeof openTemporalAccess>;
  orders: StartedOrders;
  /** The functions that {@link cleanUp} calls, the last one first. */
  cleanUps: (() => unknown)[];
  /** For `afterEach`: an order in review of one test must not appear in the next test. */
  cleanUp(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param options.storage see {@link startEmbeddedTemporal}.
 * @param options.afterDecision see {@link createOrderWorker}.
 */
export async function startOrdersOnTemporal(
  options: { storage?: Parameters<typeof startEmbeddedTemporal>[0]; afterDecision?: () => Promise<void> } = {},
): Promise<OrdersOnTemporal> {
  const { storage, afterDecision } = options;
  const temporal = await startEmbeddedTemporal(storage);
  const worker = await createOrderWorker({ ...temporal.settings, ...(afterDecision && { afterDecision }) });
  await worker.start();
  const connection = await Connection.connect({ address: temporal.settings.address });
  const client = new Client({ connection, dataConverter: testDataConverter });
  const access = openTemporalAccess(temporal.settings, testDataConverter);
  const cleanUps: OrdersOnTemporal['cleanUps'] = [];
  return {
    temporal,
    worker,
    connection,
    client,
    access,
    orders: startedOrders({ worker, client, cleanUps }),
    cleanUps,
    async cleanUp() {
      for (const each of cleanUps.splice(0).toReversed()) await each();
    },
    async stop() {
      await access.close();
      await worker.stop();
      await connection.close();
      await temporal.stop();
    },
  };
}
