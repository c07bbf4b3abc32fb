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
  /** Answers all waiting requests, then closes the client and the other connections. Safe to call again. */
  close(): Promise<void>;
}

/** Creates the gateway from its settings. The calling program has connected `client`, alone or with its worker. */
export function createGatewayService(
  settings: GatewaySettings,
  { client, logger }: { client: OrderCreationClient; logger: FastifyBaseLogger },
): GatewayService {
  const { temporal, apiKeys, operatorApiKeys, waitMs, maxWaiting, requestsPerSecond, decisionsPerSecond, host, port } =
    settings;
  const workers = watchOrderWorkers(temporal, () => client.checkConnection());
  // A separate connection. It is opened only when an operator's first request needs it.
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
      // After this nothing is sent for an operator. Each waiting operator was told whether something had been sent.
      await gateway.close();
      await Promise.all([client.close(), workers.close(), access.close()]);
    },
  };
}
