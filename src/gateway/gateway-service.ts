import type { FastifyBaseLogger } from 'fastify';
import type { OrderCreationClient } from '../client/index.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import { act } from '../operators/act.ts';
import { decideAboutMany, watchBulkDecision } from '../operators/bulk-decision.ts';
import { lookAt } from '../operators/order-state.ts';
import { dataConverterFor } from '../temporal/data-converter.ts';
import { parseEncryptionKeys } from '../temporal/encryption-keys.ts';
import { openTemporalAccess } from '../temporal/temporal-access.ts';
import { createGateway } from './create-gateway.ts';
import { watchOrderWorkers } from './order-workers.ts';

export interface GatewayService {
  /** @throws Error if nothing can listen at the address. */
  listen(): Promise<void>;
  /** Answers everybody who waits, then closes the client. Again: nothing more. */
  close(): Promise<void>;
}

/** The gateway as its settings want it, on a client that is connected as its program wants it. */
export function createGatewayService(
  settings: GatewaySettings,
  { client, logger }: { client: OrderCreationClient; logger: FastifyBaseLogger },
): GatewayService {
  const { temporal, apiKeys, operatorApiKeys, waitMs, maxWaiting, requestsPerSecond, decisionsPerSecond, host, port } =
    settings;
  const workers = watchOrderWorkers(temporal, () => client.checkConnection());
  // A connection of its own, which is not made before somebody decides.
  const access = openTemporalAccess(temporal, dataConverterFor(parseEncryptionKeys(settings.encryptionKeys)));
  const gateway = createGateway({
    orders: client,
    workers,
    apiKeys,
    operators: {
      apiKeys: operatorApiKeys,
      act: (order, request, submission) => act(access, order, request, submission),
      lookAt: (order) => lookAt(access, order),
      decideAboutMany: (bulk) => decideAboutMany(access, { ...bulk, perSecond: decisionsPerSecond }),
      lookAtMany: (id) => watchBulkDecision(access, id, { deadline: 0 }),
    },
    waitMs,
    maxWaiting,
    requestsPerSecond,
    logger,
  });
  return {
    async listen() {
      await gateway.listen({ host, port });
    },
    async close() {
      // Nothing is sent for an operator after it: whoever waited has been told whether something was.
      await gateway.close();
      await Promise.all([client.close(), workers.close(), access.close()]);
    },
  };
}
