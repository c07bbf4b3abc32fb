import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { CALLS_PAUSED, pendingStep } from '../../stack/first-order.ts';
import { runProgram } from '../support/run-program.ts';
import type { Ended } from '../support/run-program.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';

const by = ['--actor', 'agent-7', '--reason', 'Ticket 1'];

let world: RunningStack;
beforeAll(async () => {
  world = await startRunningStack();
}, 360_000);
afterAll(() => world?.stop());

function ridendine(...args: string[]): Promise<Ended> {
  const { temporal, secrets } = world.stack;
  return runProgram('ridendine', args, {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  });
}

const done = (stdout: unknown) => ({ exitCode: 0, stdout, stderr: '' });
const refused = (stderr: unknown) => ({ exitCode: 1, stdout: '', stderr });

it('orders come in while calls to RideNDine are paused, can be cancelled, and are sent once they are resumed', async () => {
  await expect(ridendine('status')).resolves.toEqual(done('Calls to RideNDine are made.'));
  await expect(ridendine('resume', ...by)).resolves.toEqual(refused('Calls to RideNDine are not paused.'));
  await expect(ridendine('pause', '--for', '2h', ...by)).resolves.toEqual(
    done(
      expect.stringMatching(
        /^Calls to RideNDine are paused since .* UTC, by agent-7: Ticket 1\.\nThey are resumed at .* UTC\.\nWorkers begin no call any more\./,
      ),
    ),
  );
  expect(await ready()).toMatchObject({ status: 'ok', calls_to_ridendine: 'paused' });

  const [kept, dropped] = [await newOrder(), await newOrder()];
  // "npm start" says this about its own first order.
  await pWaitFor(async () => (await heldUpBy(kept.key)) === CALLS_PAUSED, { interval: 100, timeout: 30_000 });
  await world.temporal.workflow.getHandle(`order-creation-${dropped.key}`).executeUpdate('cancelOrder', {
    args: [{ actor: 'agent-7', reason: 'Ticket 2' }],
  });
  const [cancelled] = await world.ordersOf(dropped.quoteId);
  const [waiting] = await world.ordersOf(kept.quoteId);
  expect(cancelled).toMatchObject({ status: 'CANCELLED' });
  expect(waiting).toMatchObject({ status: 'PENDING_PAYMENT', ridendine_order_id: null });
  await expect(world.sandboxAttemptsOf(String(waiting?.id))).resolves.toEqual([]);

  await expect(ridendine('resume', ...by)).resolves.toEqual(done(expect.stringContaining('are resumed')));
  await pWaitFor(async () => (await viewOf(kept.key))['state'] === 'SUCCEEDED', {
    interval: 500,
    timeout: 90_000,
  });
  await expect(world.sandboxOrdersOf(String(waiting?.id))).resolves.toHaveLength(1);
  await expect(world.sandboxAttemptsOf(String(cancelled?.id))).resolves.toEqual([]);
  expect(await ready()).not.toHaveProperty('calls_to_ridendine');
}, 240_000);

function heldUpBy(key: string): Promise<string | undefined> {
  return pendingStep(world.stack, key);
}

/** An order that is written to Directus and waits there. */
async function newOrder(): Promise<{ key: string; quoteId: string }> {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  const answer = await world.post(key, checkout, { prefer: 'wait=1' });
  expect(answer.status).toBe(202);
  await pWaitFor(async () => (await viewOf(key))['stage'] === 'CREATING_RIDENDINE_ORDER', {
    interval: 100,
    timeout: 60_000,
  });
  return { key, quoteId: checkout.quote_id };
}

async function viewOf(key: string): Promise<Record<string, unknown>> {
  return (await (await world.get(key)).json()) as Record<string, unknown>;
}

async function ready(): Promise<unknown> {
  return await (await fetch(`${world.stack.urls.gateway}/readyz`)).json();
}
