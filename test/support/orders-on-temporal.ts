import { Client, Connection } from '@temporalio/client';
import { openTemporalAccess } from '../../src/temporal/temporal-access.ts';
import { startEmbeddedTemporal } from './embedded-temporal.ts';
import type { EmbeddedTemporal } from './embedded-temporal.ts';
import { createOrderWorker } from './order-worker.ts';
import type { OrderWorker } from './order-worker.ts';
import { startedOrders } from './started-orders.ts';
import type { StartedOrders } from './started-orders.ts';
import { testDataConverter } from './test-encryption.ts';

/** A Temporal server, a worker on it, and whoever asks it: a client, an operator, and callers with their orders. */
export interface OrdersOnTemporal {
  temporal: EmbeddedTemporal;
  worker: OrderWorker;
  connection: Connection;
  client: Client;
  access: ReturnType<typeof openTemporalAccess>;
  orders: StartedOrders;
  /** What {@link cleanUp} calls, the last first. */
  cleanUps: (() => unknown)[];
  /** After each test: an order in review of one is none of the next one's. */
  cleanUp(): Promise<void>;
  stop(): Promise<void>;
}

/** @param options.storage as of {@link startEmbeddedTemporal}. @param options.afterDecision as of {@link createOrderWorker}. */
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
