import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import type { SupportAction } from '../../src/domain/support-action.ts';
import { newCheckoutRequest } from '../support/builders.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { failureOf, openStanding, workerActivities } from '../support/worker-activities.ts';
import type { DirectusActivities } from '../support/worker-activities.ts';

let directus: PreparedDirectus;
/** The activities of the run in which the order is cancelled (`worker`) and of an earlier run. */
let worker: DirectusActivities;
let earlierRun: DirectusActivities;

beforeAll(async () => {
  directus = await startPreparedDirectus();
  worker = workerActivities({ url: directus.url, token: directus.token });
  earlierRun = workerActivities({ url: directus.url, token: directus.token, runId: 'run-0' });
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(() => directus.stop());

function newAction(): SupportAction {
  return { id: randomUUID(), at: new Date().toISOString(), actor: 'agent-7', action: 'cancel', reason: 'Ticket 1' };
}

async function checkout(): Promise<CheckoutRequest> {
  const request = newCheckoutRequest();
  await directus.addQuote(request);
  return request;
}

async function orderOf(run: DirectusActivities, fields: Record<string, unknown> = {}) {
  const request = await checkout();
  const { order_id } = await run.createOrderRecord({ request, standing: await openStanding(run, request) });
  if (Object.keys(fields).length > 0) await directus.change('orders', order_id, fields);
  return request;
}

async function rowOf({ idempotency_key }: CheckoutRequest): Promise<Record<string, unknown> | undefined> {
  const rows = await directus.rows('orders', { idempotency_key: { _eq: idempotency_key } });
  expect(rows.length).toBeLessThanOrEqual(1);
  return rows[0];
}

describe('a checkout that is cancelled before its run knows of an order', () => {
  it('is cancelled for the key, with who and why, and without what the customer entered', async () => {
    const request = await checkout();
    const action = newAction();

    const standing = await worker.cancelCheckout({ request, support_action: action });

    expect(standing).toMatchObject({ kind: 'cancelled' });
    expect(await rowOf(request)).toMatchObject({
      status: 'CANCELLED',
      quote_id: request.quote_id,
      active_quote_id: null,
      customer: request.customer_id,
      support_actions: [action],
      shipping_snapshot: null,
      customer_note: null,
    });
    const failure = await failureOf(worker.validateCheckout(request));
    expect(failure).toMatchObject({ type: 'OrderCancelled', nonRetryable: true });
    const other = await failureOf(worker.validateCheckout({ ...request, customer_note: 'Another checkout.' }));
    expect(other).toMatchObject({ type: 'IdempotencyKeyReused' });
  });

  it('leaves its quote to another checkout', async () => {
    const request = await checkout();
    await worker.cancelCheckout({ request, support_action: newAction() });

    const standing = await worker.validateCheckout({ ...request, idempotency_key: randomUUID() });

    expect(standing).toMatchObject({ kind: 'new' });
  });

  it('is the same however often that is written', async () => {
    const request = await checkout();
    const action = newAction();

    await worker.cancelCheckout({ request, support_action: action });
    const again = await worker.cancelCheckout({ request, support_action: action });

    expect(again).toMatchObject({ kind: 'cancelled' });
    expect(await rowOf(request)).toMatchObject({ support_actions: [action] });
  });

  it('is cancelled though there is neither its customer nor its quote', async () => {
    const request = newCheckoutRequest();

    await worker.cancelCheckout({ request, support_action: newAction() });

    expect(await rowOf(request)).toMatchObject({ status: 'CANCELLED', customer: null, quote_id: request.quote_id });
  });

  it('is cancelled though its order failed before', async () => {
    const request = await orderOf(earlierRun, { status: 'FAILED', active_quote_id: null });
    const action = newAction();

    const standing = await worker.cancelCheckout({ request, support_action: action });

    expect(standing).toMatchObject({ kind: 'cancelled' });
    expect(await rowOf(request)).toMatchObject({ status: 'CANCELLED', support_actions: [action] });
  });

  it('is cancelled though a worker of this run died as it wrote the order', async () => {
    const request = await orderOf(worker);

    await worker.cancelCheckout({ request, support_action: newAction() });

    expect(await rowOf(request)).toMatchObject({ status: 'CANCELLED', active_quote_id: null });
  });
});

describe('an order that a request to cancel must not touch', () => {
  it('is one that an earlier run may have sent: it is told as unfinished', async () => {
    const request = await orderOf(earlierRun);

    const standing = await worker.cancelCheckout({ request, support_action: newAction() });

    expect(standing).toMatchObject({ kind: 'unfinished' });
    expect(await rowOf(request)).toMatchObject({ status: 'PENDING_PAYMENT', support_actions: null });
  });

  it('is one that is linked: its ids are told', async () => {
    const ids = { ridendine_order_id: `r-${randomUUID()}`, payment_session_id: `p-${randomUUID()}` };
    const request = await orderOf(earlierRun, ids);

    const standing = await worker.cancelCheckout({ request, support_action: newAction() });

    expect(standing).toMatchObject({ kind: 'linked', result: ids });
    expect(await rowOf(request)).toMatchObject({ status: 'PENDING_PAYMENT' });
  });

  it('is one that is linked though somebody has set it to CANCELLED: its ids are told', async () => {
    const ids = { ridendine_order_id: `r-${randomUUID()}`, payment_session_id: `p-${randomUUID()}` };
    const request = await orderOf(earlierRun, { ...ids, status: 'CANCELLED', active_quote_id: null });

    const standing = await worker.cancelCheckout({ request, support_action: newAction() });

    expect(standing).toMatchObject({ kind: 'linked', result: ids });
    expect(await rowOf(request)).toMatchObject({ status: 'CANCELLED', support_actions: null });
  });

  it('is one of another checkout with the same key', async () => {
    const request = await orderOf(earlierRun, { status: 'FAILED', active_quote_id: null });

    const failure = await failureOf(
      worker.cancelCheckout({ request: { ...request, quote_id: 'another' }, support_action: newAction() }),
    );

    expect(failure).toMatchObject({ type: 'IdempotencyKeyReused', nonRetryable: true });
    expect(await rowOf(request)).toMatchObject({ status: 'FAILED' });
  });

  it('is one that support staff abandoned', async () => {
    const request = await orderOf(earlierRun, { status: 'FAILED', failure_code: 'OrderNeedsReview' });

    const failure = await failureOf(worker.cancelCheckout({ request, support_action: newAction() }));

    expect(failure).toMatchObject({ type: 'OrderNeedsReview', nonRetryable: true });
  });
});
