import type { Client, WorkflowHandle } from '@temporalio/client';
import pWaitFor from 'p-wait-for';
import { orderCreationStart, searchAttributes } from '../../src/contract/runs.ts';
import type { OrderCreationStage } from '../../src/contract/runs.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import type { OrderWorker } from './order-worker.ts';
import type { Scenario, ScenarioOptions } from './scripted-activities.ts';

export type StartedOrder = Scenario & { handle: WorkflowHandle };

/** Starts runs, each with its own scenario. `linked` and `inReview` wait until Temporal's list shows that stage. */
export interface StartedOrders {
  start(options?: Partial<ScenarioOptions>): Promise<StartedOrder>;
  linked(options?: Partial<ScenarioOptions>): Promise<StartedOrder>;
  /** The order comes to review: after an attempt of unknown outcome, RideNDine refuses it. */
  inReview(options?: Partial<ScenarioOptions>): Promise<StartedOrder>;
  untilListed(order: StartedOrder, stage: OrderCreationStage): Promise<void>;
}

export const noAnswer = new PartnerError('RideNDineUnavailable', 'maybeSent', 'RideNDine answered 503.', {
  status: 503,
});
export const rejected = new PartnerError('RideNDineRejected', 'rejected', 'RideNDine refused the order (422).', {
  status: 422,
});

/** @param options.cleanUps gets a function that ends each run: an order in review must not appear in the next test. */
export function startedOrders({
  worker,
  client,
  cleanUps,
}: {
  worker: OrderWorker;
  client: Client;
  cleanUps: (() => unknown)[];
}): StartedOrders {
  const orders: StartedOrders = {
    async start(options = {}) {
      const scenario = worker.newScenario(options);
      const { request } = scenario;
      const handle = await client.workflow.start(
        'orderCreation',
        orderCreationStart(request, { fingerprint: 'f', quoteId: request.quote_id, customerId: request.customer_id }),
      );
      cleanUps.push(() => handle.terminate().catch(() => {}));
      return { ...scenario, handle };
    },
    async linked(options = {}) {
      const order = await orders.start(options);
      await order.handle.result();
      await orders.untilListed(order, 'LINKED');
      return order;
    },
    async inReview(options = {}) {
      const order = await orders.start({ ridendine: [noAnswer, rejected], ...options });
      await orders.untilListed(order, 'NEEDS_REVIEW');
      return order;
    },
    async untilListed({ orderId }, stage) {
      const query = `${searchAttributes.orderId.name} = '${orderId}' AND ${searchAttributes.stage.name} = '${stage}'`;
      await pWaitFor(async () => (await client.workflow.count(query)).count > 0, { timeout: 60_000 });
    },
  };
  return orders;
}
