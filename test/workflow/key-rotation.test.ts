import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { OrderCreationClient } from '../../src/client/index.ts';
import type { OrderCreationState } from '../../src/contract/runs.ts';
import {
  ORDER_CREATION_TASK_QUEUE,
  ORDER_SWEEP_SCHEDULE_ID,
  orderCreationWorkflowId,
} from '../../src/contract/runs.ts';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import { scheduleSweep } from '../../src/worker/sweep-schedule.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { createOrderWorker } from '../support/order-worker.ts';
import type { OrderWorker } from '../support/order-worker.ts';
import type { Scenario } from '../support/scripted-activities.ts';
import { newEncryptionKey } from '../support/test-encryption.ts';

const [oldKey, newKey] = [newEncryptionKey('old'), newEncryptionKey('new')];
/** The ENCRYPTION_KEYS of each step of a rotation, in sequence (docs/encryption.md). */
const [before, bothRead, newWrites, after] = [oldKey, `${oldKey},${newKey}`, `${newKey},${oldKey}`, newKey] as const;

const noAnswer = new PartnerError('RideNDineUnavailable', 'maybeSent', 'RideNDine answered 503.', { status: 503 });
const rejected = new PartnerError('RideNDineRejected', 'rejected', 'RideNDine refused the order (422).', {
  status: 422,
});
const by = { actor: 'agent-7', reason: 'Ticket 1' };

let temporal: EmbeddedTemporal;
let worker: OrderWorker;
beforeAll(async () => {
  temporal = await startEmbeddedTemporal();
  worker = await createOrderWorker(temporal.settings);
}, 360_000);
afterAll(async () => {
  await worker?.stop();
  await temporal?.stop();
});

describe('keys that are changed while orders are in flight', () => {
  it('lose no order: each step may reach the worker before the gateway or after it', async () => {
    const scenarios: Scenario[] = [];
    const begin = async (keys: string) => {
      const inReview = worker.newScenario({ ridendine: [noAnswer, rejected, undefined] });
      const done = worker.newScenario();
      scenarios.push(inReview, done);
      await withGateway(keys, async (orders) => {
        await orders.createOrder(inReview.request, { timeoutMs: 0 });
        const { state } = await orders.createOrder(done.request, { timeoutMs: 20_000 });
        expect(state).toBe('SUCCEEDED');
      });
      await untilInReview(inReview, keys);
    };

    await worker.start(converter(before));
    await begin(before);
    await restartWorker(bothRead);
    await begin(before);
    await begin(bothRead);
    await restartWorker(newWrites);
    await begin(bothRead);
    await begin(newWrites);

    for (const { request, orderId } of scenarios) {
      await withGateway(newWrites, async (orders) => {
        await decideIfInReview(request.idempotency_key, newWrites);
        const outcome = await orders.createOrder(request, { timeoutMs: 20_000 });
        expect(outcome).toMatchObject({ state: 'SUCCEEDED', order_id: orderId, replayed: true });
      });
    }
    expect(scenarios).toHaveLength(10);
  }, 240_000);

  it('that lack the old one keep its orders waiting, and they go on when it is back', async () => {
    await restartWorker(before);
    const scenario = worker.newScenario({ ridendine: [noAnswer, rejected, undefined] });
    await withGateway(before, (orders) => orders.createOrder(scenario.request, { timeoutMs: 0 }));
    await untilInReview(scenario, before);

    await restartWorker(after);
    const answer = await withGateway(after, (orders) =>
      orders.createOrder(scenario.request, { timeoutMs: 1000 }).catch((error: unknown) => error),
    );
    const stage = await stageOf(scenario.request.idempotency_key, newWrites).catch((error: unknown) => error);
    await restartWorker(newWrites);
    // Temporal refuses queries of the run until the task that failed with the other keys has been tried again.
    await untilInReview(scenario, newWrites);
    await decideIfInReview(scenario.request.idempotency_key, newWrites);
    const outcome = await withGateway(newWrites, (orders) =>
      orders.createOrder(scenario.request, { timeoutMs: 20_000 }),
    );

    expect(answer).toMatchObject({ code: 'TemporalUnavailable', message: expect.stringContaining('keys') });
    expect(stage).toBeInstanceOf(Error);
    expect(outcome).toMatchObject({ state: 'SUCCEEDED', order_id: scenario.orderId });
  }, 240_000);

  it('keep no worker from taking over the sweep, whatever key its schedule was encrypted with, and a pause stays', async () => {
    const action = {
      type: 'startWorkflow',
      workflowType: 'orderSweep',
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      args: [{ older_than_ms: 1 }],
      staticSummary: 'Encrypted',
    } as const;
    await withSupport(before, ({ schedule }) =>
      schedule.create({
        scheduleId: ORDER_SWEEP_SCHEDULE_ID,
        spec: { intervals: [{ every: '1 day' }] },
        action,
        state: { paused: true },
      }),
    );

    await withSupport(after, ({ connection }) =>
      scheduleSweep({ connection, namespace: 'default' }, { intervalMs: 60_000, afterMs: 600_000 }),
    );

    await withSupport(after, async ({ schedule }) => {
      const described = await schedule.getHandle(ORDER_SWEEP_SCHEDULE_ID).describe();
      expect(described).toMatchObject({ action: { args: [{ older_than_ms: 600_000 }] }, state: { paused: true } });
    });
  }, 240_000);
});

function converter(keys: string) {
  return dataConverterFor(parseEncryptionKeys(keys));
}

async function restartWorker(keys: string): Promise<void> {
  await worker.stop();
  await worker.start(converter(keys));
}

async function withGateway<Result>(keys: string, use: (orders: OrderCreationClient) => Promise<Result>) {
  const orders = OrderCreationClient.connect({ ...temporal.settings, encryptionKeys: keys });
  try {
    return await use(orders);
  } finally {
    await orders.close();
  }
}

async function withSupport<Result>(keys: string, use: (client: Client) => Promise<Result>) {
  const connection = await Connection.connect({ address: temporal.settings.address });
  try {
    return await use(new Client({ connection, dataConverter: converter(keys) }));
  } finally {
    await connection.close();
  }
}

async function stageOf(key: string, keys: string): Promise<string> {
  return await withSupport(keys, async ({ workflow, connection }) => {
    const handle = workflow.getHandle(orderCreationWorkflowId(key));
    const state = await connection.withDeadline(Date.now() + 15_000, () =>
      handle.query<OrderCreationState>('orderCreationState'),
    );
    return state.stage;
  });
}

async function untilInReview({ request }: Scenario, keys: string): Promise<void> {
  const stage = () => stageOf(request.idempotency_key, keys).catch((error: unknown) => error);
  await pWaitFor(async () => (await stage()) === 'NEEDS_REVIEW', {
    interval: 100,
    timeout: 60_000,
  });
}

async function decideIfInReview(key: string, keys: string): Promise<void> {
  if ((await stageOf(key, keys)) !== 'NEEDS_REVIEW') return;
  await withSupport(keys, async ({ workflow }) => {
    const handle = workflow.getHandle(orderCreationWorkflowId(key));
    await handle.executeUpdate('resolveReview', { args: [{ decision: 'retry', ...by }] });
  });
}
