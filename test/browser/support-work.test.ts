import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import type { Browser, Page } from 'playwright-core';
import type { DemoCheckout } from '../../stack/seed.ts';
import { DIRECTUS_ADMIN_EMAIL } from '../../stack/start-order-data.ts';
import { openHold } from '../chaos/database-hold.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { OrderRow, RunningStack } from '../support/running-stack.ts';
import { newWindow, startBrowser } from './browser.ts';
import { dataStudio } from './data-studio.ts';
import type { DataStudio } from './data-studio.ts';
import { picture } from './picture.ts';
import { temporalUi } from './temporal-ui.ts';
import type { TemporalUi } from './temporal-ui.ts';

const WAIT = { interval: 100, timeout: 20_000 };
const CALL = 'createRideNDineOrder';
const LAST_STEP = 'saveLinkIds';

let world: RunningStack;
let browser: Browser;
let page: Page;
let ui: TemporalUi;
let studioPage: Page;
let studio: DataStudio;

beforeAll(async () => {
  browser = await startBrowser();
  world = await startRunningStack({ RIDENDINE_TIMEOUT_MS: '2000', WORKER_SWEEP_INTERVAL: '1d' });
  page = await newWindow(browser);
  ui = uiIn(page);
  studioPage = await newWindow(browser);
  studio = dataStudio(studioPage, { url: world.stack.urls.directus });
  await studio.logIn({ email: DIRECTUS_ADMIN_EMAIL, password: world.stack.secrets.directusAdminPassword });
}, 360_000);
afterEach(() => world.clearFaults());
afterAll(async () => {
  await browser.close();
  await world.stop();
});

describe('an order that went well', () => {
  it('is found in the Temporal UI by each of its ids, with its stage', async () => {
    const { key, checkout } = await linkedOrder();
    const order = await onlyOrderOf(checkout);

    for (const query of [
      `CoocoOrderId="${order.id}"`,
      `CoocoQuoteId="${checkout.quote_id}"`,
      `RideNDineOrderId="${String(order['ridendine_order_id'])}"`,
    ]) {
      await untilFound(query, key);
    }

    await ui.openWorkflow(workflowId(key));
    await ui.untilStatus('Completed');
    expect(await ui.readStage()).toBe('LINKED');
  }, 90_000);

  it('leads from its form in Directus to its workflow', async () => {
    const { key, checkout } = await linkedOrder();
    const order = await onlyOrderOf(checkout);

    await studio.openOrder(order.id);
    await picture(studioPage, 'order');
    const opened = await studio.followWorkflowButton();

    await uiIn(opened).untilStatus('Completed');
    await opened.getByText(LAST_STEP).first().waitFor();
    await picture(opened, 'workflow');
    expect(opened.url()).toContain(`/${workflowId(key)}/`);
    expect(await studio.readField('status')).toBe('Pending payment');
    await opened.close();
  }, 90_000);
});

describe('an order in review', () => {
  it('is decided in the Temporal UI, which says what is wrong with a decision', async () => {
    const { key, checkout } = await orderInReview();
    const order = await onlyOrderOf(checkout);
    const [found] = await world.sandboxOrdersOf(order.id);
    const decision = {
      decision: 'link',
      ridendine_order_id: found?.ridendine_order_id,
      payment_session_id: found?.payment_session_id,
      actor: 'agent-7',
    };
    await untilFound(`OrderCreationStage="NEEDS_REVIEW" AND CoocoQuoteId="${checkout.quote_id}"`, key);

    await ui.openWorkflow(workflowId(key));
    const refused = await ui.sendUpdate({ name: 'resolveReview', input: decision });
    await picture(page, 'runbook/decision-refused', { of: ui.dialog });
    await ui.dismissDialog();
    const accepted = await ui.sendUpdate({ name: 'resolveReview', input: { ...decision, reason: 'Ticket 1' } });

    expect(refused).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/^Check reason:/) });
    expect(accepted).toEqual({ kind: 'accepted' });
    await ui.untilStatus('Completed');
    await expect(onlyOrderOf(checkout)).resolves.toMatchObject({
      status: 'PENDING_PAYMENT',
      ridendine_order_id: found?.ridendine_order_id,
    });
  }, 90_000);
});

describe('a call to RideNDine that is to wait for an hour', () => {
  it('tells its last failure, can be paused, and is made again at once after the pause', async () => {
    const { key, checkout } = await orderHeldUp();
    await ui.openWorkflow(workflowId(key));
    expect(await ui.pendingActivityText(CALL)).toContain('RideNDineRateLimited');

    await ui.pauseActivity(CALL, { reason: 'Ticket 2' });
    await ui.untilActivityIs(CALL, 'Paused');
    expect(await ui.pendingActivityText(CALL)).toContain('Ticket 2');
    await picture(page, 'runbook/paused-step', { height: 800 });

    await world.clearFaults();
    await ui.unpauseActivity(CALL);
    await ui.untilStatus('Completed');
    expect(await onlyOrderOf(checkout)).toMatchObject({ status: 'PENDING_PAYMENT' });
  }, 90_000);

  it('is made again at once by a reset', async () => {
    const { key, checkout } = await orderHeldUp();
    await world.clearFaults();

    await ui.openWorkflow(workflowId(key));
    await ui.resetActivity(CALL);

    await ui.untilStatus('Completed');
    expect(await world.sandboxOrdersOf((await onlyOrderOf(checkout)).id)).toHaveLength(1);
  }, 90_000);
});

describe('an order that is not sent yet', () => {
  it('is cancelled in the Temporal UI, and RideNDine never hears of it', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    const { postgres } = world.stack;
    if (postgres === undefined) throw new Error('The stack has no database of its own.');
    // Directus' insert with the same key has to wait for this one.
    const hold = await openHold(postgres);
    await hold.query('INSERT INTO orders (id, idempotency_key) VALUES (gen_random_uuid(), $1)', [key]);
    await world.post(key, checkout, { prefer: 'wait=0' });
    await hold.untilWaitedFor(1);

    await ui.openWorkflow(workflowId(key));
    await ui.cancelWorkflow();
    await page.getByText('Cancel Request Sent').waitFor();
    await hold.release();

    await ui.untilStatus('Canceled');
    const order = await onlyOrderOf(checkout);
    expect(await world.sandboxOrdersOf(order.id)).toEqual([]);
    await studio.openOrder(order.id);
    expect(await studio.readField('status')).toBe('Cancelled');
  }, 90_000);
});

const workflowId = (key: string) => `order-creation-${key}`;

function uiIn(window: Page): TemporalUi {
  const { urls, temporal } = world.stack;
  if (urls.temporalUi === undefined) throw new Error('The stack has no Temporal of its own.');
  return temporalUi(window, { url: urls.temporalUi, namespace: temporal.namespace });
}

async function linkedOrder() {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  const { status } = await world.post(key, checkout);
  expect(status).toBe(201);
  return { key, checkout };
}

/** RideNDine has it, denied it, and then refused the second attempt. */
async function orderInReview() {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  const { quote_id } = checkout;
  await world.addFault({ kind: 'status', status: 503, stored: 'before', quote_id });
  await world.addFault({ kind: 'status', status: 422, quote_id });
  await world.post(key, checkout, { prefer: 'wait=0' });
  await untilOrder(checkout, ({ status }) => status === 'NEEDS_REVIEW');
  return { key, checkout };
}

/** RideNDine has asked us to come back in an hour. */
async function orderHeldUp() {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  await world.addFault({ kind: 'status', status: 429, retry_after: 3600, times: null, quote_id: checkout.quote_id });
  await world.post(key, checkout, { prefer: 'wait=0' });
  await pWaitFor(async () => {
    const { raw } = await world.temporal.workflow.getHandle(workflowId(key)).describe();
    return raw.pendingActivities?.some(({ lastFailure }) => lastFailure) ?? false;
  }, WAIT);
  return { key, checkout };
}

/** Alone. The server's list comes a moment after the workflow. */
async function untilFound(query: string, key: string): Promise<void> {
  await pWaitFor(async () => (await ui.findWorkflows(query)).join(' ') === workflowId(key), WAIT);
}

async function untilOrder(checkout: DemoCheckout, isReached: (order: OrderRow) => boolean): Promise<void> {
  await pWaitFor(async () => (await world.ordersOf(checkout.quote_id)).some(isReached), WAIT);
}

async function onlyOrderOf({ quote_id }: DemoCheckout): Promise<OrderRow> {
  const orders = await world.ordersOf(quote_id);
  expect(orders).toHaveLength(1);
  return orders[0] as OrderRow;
}
