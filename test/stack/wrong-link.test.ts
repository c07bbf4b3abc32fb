import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { expectDone, runProgram } from '../support/run-program.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';

const who = ['--actor', 'agent-7', '--reason', 'Ticket 1'];

let world: RunningStack;
beforeAll(async () => {
  world = await startRunningStack();
  // With this many linked orders, the product knows what RideNDine's ids look like.
  for (let count = 0; count < 5; count += 1) await newLinkedOrder();
}, 360_000);
afterAll(() => world.stop());

describe('npm run review', () => {
  it('refuses ids that are swapped, until somebody says that they were checked', async () => {
    const { orderId, key } = await orderInReview();
    const ids = ['--ridendine-order-id', `ps_${'a1'.repeat(16)}`, '--payment-session-id', `rnd_${'b2'.repeat(12)}`];

    const refused = await review('link', orderId, ...ids, ...who);
    const taken = await review('link', orderId, ...ids, '--ids-checked', ...who);

    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('do not look like those that RideNDine has given so far');
    expectDone(taken);
    expect(await body(await world.get(key))).toMatchObject({ state: 'SUCCEEDED', payment_session_id: ids[3] });
  });

  it('corrects a wrong link: the key answers with the right ids from then on', async () => {
    const { orderId, key, checkout, ridendineOrderId } = await newLinkedOrder();
    const [order, payment] = [`rnd_${'c3'.repeat(12)}`, `ps_${'d4'.repeat(16)}`];

    const corrected = await review(
      'correct-link',
      ridendineOrderId,
      '--ridendine-order-id',
      ` ${order}`,
      '--payment-session-id',
      payment,
      ...who,
    );

    expectDone(corrected);
    const right = { ridendine_order_id: order, payment_session_id: payment };
    expect(await body(await world.get(key))).toMatchObject({ state: 'SUCCEEDED', order_id: orderId, ...right });
    const again = await world.post(key, checkout);
    expect([again.status, await body(again)]).toMatchObject([200, right]);
    const [row] = await world.ordersOf(checkout.quote_id);
    expect(row).toMatchObject({
      ...right,
      support_actions: [
        {
          action: 'correct-link',
          actor: 'agent-7',
          reason: 'Ticket 1',
          replaced: expect.objectContaining({ ridendine_order_id: ridendineOrderId }),
        },
      ],
    });
    expect((await world.post(key, { ...checkout, customer_note: 'Another.' })).status).toBe(422);
  });

  it('corrects nothing on an order that is not linked', async () => {
    const { orderId } = await orderInReview();
    const ids = ['--ridendine-order-id', `rnd_${'c3'.repeat(12)}`, '--payment-session-id', `ps_${'d4'.repeat(16)}`];

    const refused = await review('correct-link', orderId, ...ids, ...who);

    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('is not linked (NEEDS_REVIEW)');
  });
});

async function newLinkedOrder() {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  const answer = await body(await world.post(key, checkout));
  return {
    key,
    checkout,
    orderId: String(answer['order_id']),
    ridendineOrderId: String(answer['ridendine_order_id']),
  };
}

async function orderInReview() {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  const { quote_id } = checkout;
  await world.addFault({ kind: 'status', status: 503, stored: 'before', quote_id });
  await world.addFault({ kind: 'status', status: 422, quote_id });
  await world.post(key, checkout, { prefer: 'wait=1' });
  await pWaitFor(async () => (await body(await world.get(key)))['stage'] === 'NEEDS_REVIEW', {
    interval: 100,
    timeout: 60_000,
  });
  return { key, orderId: String((await body(await world.get(key)))['order_id']) };
}

function review(...args: string[]) {
  const { temporal, secrets } = world.stack;
  return runProgram('review', args, {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  });
}

async function body(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}
