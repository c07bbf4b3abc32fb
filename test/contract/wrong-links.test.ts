import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LinkIds } from '../../src/domain/order.ts';
import { newCheckoutRequest } from '../support/builders.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { failureOf, openStanding, workerActivities } from '../support/worker-activities.ts';
import type { DirectusActivities } from '../support/worker-activities.ts';

let directus: PreparedDirectus;
let worker: DirectusActivities;

beforeAll(async () => {
  directus = await startPreparedDirectus();
  worker = workerActivities({ url: directus.url, token: directus.token });
  for (let count = 0; count < 5; count += 1) await orderWith(newLink());
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(() => directus.stop());

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const newLink = (): LinkIds => ({ ridendine_order_id: `rnd_${hex(12)}`, payment_session_id: `ps_${hex(16)}` });

async function order(): Promise<{ key: string; orderId: string }> {
  const request = newCheckoutRequest();
  await directus.addQuote(request);
  const { order_id } = await worker.createOrderRecord({ request, standing: await openStanding(worker, request) });
  return { key: request.idempotency_key, orderId: order_id };
}

async function orderWith(link: LinkIds) {
  const made = await order();
  await worker.saveLinkIds({ order_id: made.orderId, link });
  return made;
}

async function rowOf(orderId: string): Promise<Record<string, unknown> | undefined> {
  return (await directus.rows('orders', { id: { _eq: orderId } }))[0];
}

const by = { actor: 'agent-7', reason: 'Ticket 1' };

function swapped({ ridendine_order_id, payment_session_id }: LinkIds): LinkIds {
  return { ridendine_order_id: payment_session_id, payment_session_id: ridendine_order_id };
}

describe('ids that support staff type for an order in review', () => {
  it('are refused if they do not look like those that RideNDine has given so far', async () => {
    const { orderId } = await order();

    const failure = await failureOf(
      worker.saveLinkIds({ order_id: orderId, link: swapped(newLink()), typed_by_hand: { ids_checked: false } }),
    );

    expect(failure).toMatchObject({ type: 'LinkConflict', message: expect.stringContaining('"ids_checked": true') });
    expect(await rowOf(orderId)).toMatchObject({ ridendine_order_id: null, payment_session_id: null });
  });

  it('are taken all the same if the decision says that they were checked', async () => {
    const { orderId } = await order();
    const link = swapped(newLink());

    const result = await worker.saveLinkIds({ order_id: orderId, link, typed_by_hand: { ids_checked: true } });

    expect(result).toMatchObject(link);
  });

  it('are taken if they look like them', async () => {
    const { orderId } = await order();
    const link = newLink();

    await expect(
      worker.saveLinkIds({ order_id: orderId, link, typed_by_hand: { ids_checked: false } }),
    ).resolves.toMatchObject(link);
  });
});

describe('a wrong link', () => {
  it('is corrected, and the order keeps who did it, why, and what the ids were', async () => {
    const [wrong, right] = [newLink(), newLink()];
    const { key, orderId } = await orderWith(wrong);
    await directus.change('orders', orderId, { status: 'PAID' });

    const { result, refusal } = await worker.correctLink({
      idempotency_key: key,
      ...right,
      ...by,
      payment_session_id: ` ${right.payment_session_id}\n`,
    });

    expect(refusal).toBeUndefined();
    expect(result).toMatchObject({ ...right, status: 'PAID' });
    expect(await rowOf(orderId)).toMatchObject({
      ...right,
      status: 'PAID',
      support_actions: [{ action: 'correct-link', ...by, replaced: wrong }],
    });
  });

  it('is corrected once, however often that is done', async () => {
    const right = newLink();
    const { key, orderId } = await orderWith(newLink());
    const correction = { idempotency_key: key, ...right, ...by };

    await worker.correctLink(correction);
    const again = await worker.correctLink(correction);

    expect(again.result).toMatchObject(right);
    expect((await rowOf(orderId))?.['support_actions']).toHaveLength(1);
  });

  it.each<[string, () => Promise<LinkIds>, string]>([
    [
      'another order has the RideNDine order',
      async () => {
        const taken = newLink();
        await orderWith(taken);
        return { ...newLink(), ridendine_order_id: taken.ridendine_order_id };
      },
      'Another order is already linked',
    ],
    [
      'the ids do not look like RideNDine’s',
      async () => ({ ...newLink(), payment_session_id: 'x' }),
      'do not look like',
    ],
  ])('stays as it is if %s', async (_what, typed, why) => {
    const wrong = newLink();
    const { key, orderId } = await orderWith(wrong);

    const { result, refusal } = await worker.correctLink({ idempotency_key: key, ...(await typed()), ...by });

    expect(refusal).toContain(why);
    expect(result).toMatchObject(wrong);
    expect(await rowOf(orderId)).toMatchObject({ ...wrong, support_actions: null });
  });

  it('cannot be corrected where there is none', async () => {
    const { key } = await order();

    const failure = await failureOf(worker.correctLink({ idempotency_key: key, ...newLink(), ...by }));

    expect(failure).toMatchObject({ type: 'OrderNeedsReview', nonRetryable: true });
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'rnd_1'],
    ['ids alone', newLink()],
  ])('is not corrected by a run that somebody started by hand with %s', async (_what, input) => {
    const failure = await failureOf(worker.correctLink(input as never));

    expect(failure).toMatchObject({ type: 'CheckoutInvalid', nonRetryable: true });
  });
});
