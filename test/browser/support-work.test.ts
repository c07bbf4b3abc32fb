import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import type { Browser, Page } from 'playwright-core';
import { failures } from '../../src/domain/failures.ts';
import { DIRECTUS_ADMIN_EMAIL } from '../../stack/start-order-data.ts';
import { supportRole } from '../../src/integrations/directus/schema/apply-support.ts';
import { openHold } from '../support/database-hold.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { textIn } from '../support/text-in.ts';
import { newWindow, startBrowser } from './browser.ts';
import { casesIn, workflowId } from './cases.ts';
import type { Cases } from './cases.ts';
import { dataStudio } from './data-studio.ts';
import type { DataStudio, Offers } from './data-studio.ts';
import { picture } from './picture.ts';
import { temporalUi } from './temporal-ui.ts';
import type { TemporalUi } from './temporal-ui.ts';

type Login = Parameters<DataStudio['logIn']>[0];

const WAIT = { interval: 100, timeout: 60_000 };
const CALL = 'createRideNDineOrder';
const RUNBOOK_URL = 'https://docs.example/support-runbook';

let world: RunningStack;
let browser: Browser;
let page: Page;
let ui: TemporalUi;
let studioPage: Page;
let studio: DataStudio;
let cases: Cases;

beforeAll(async () => {
  browser = await startBrowser();
  world = await startRunningStack({ RIDENDINE_TIMEOUT_MS: '2000', WORKER_SWEEP_INTERVAL: '1d', RUNBOOK_URL });
  cases = casesIn(world);
  page = await newWindow(browser);
  ui = uiIn(page);
  studioPage = await page.context().newPage();
  studio = studioIn(studioPage);
  await studio.logIn(leadLogin());
}, 360_000);
afterEach(() => world.clearFaults());
afterAll(async () => {
  await browser.close();
  await world.stop();
});

describe('an order that went well', () => {
  it('is found in the Temporal UI by everything that it can be searched by, with its stage', async () => {
    const { key, checkout, order } = await cases.linkedOrder();

    for (const query of [
      `CoocoOrderId="${order.id}"`,
      `CoocoQuoteId="${checkout.quote_id}"`,
      `RideNDineOrderId="${String(order['ridendine_order_id'])}"`,
      // Other orders have some of these values, too, so the query adds the order's id.
      [
        `CoocoCustomerId="${checkout.customer_id}"`,
        `CoocoStoreId="${String(order['store'])}"`,
        'OrderCreationStage="LINKED"',
        'OrderFailureCode IS NULL',
        `CoocoOrderId="${order.id}"`,
      ].join(' AND '),
    ]) {
      await untilFound(query, key);
    }
    await expect(ui.findWorkflows(`CoocoOrderId="${randomUUID()}"`)).resolves.toEqual([]);

    await ui.openWorkflow(workflowId(key));
    await ui.untilStatus('Completed');
    expect(await ui.readStage()).toBe('LINKED');
  }, 240_000);

  it('is told in clear in the Temporal UI, while Temporal itself has nothing of it but ciphers', async () => {
    const { key, checkout, order } = await cases.linkedOrder();
    const address = '100 Example Street, Apartment 4B';

    await ui.openWorkflow(workflowId(key));
    const [input, result] = [await ui.readInput(), await ui.readResult()];
    const summary = await ui.readSummary();
    await ui.untilStepIsListed(`Save the RideNDine ids on order ${order.id.slice(0, 8)}…`);
    const details = await ui.readCurrentDetails('Done: the order is linked');

    expect(input).toContain(address);
    expect(result).toContain(order['payment_session_id']);
    expect(summary.trim()).toBe(`Create the order of quote ${checkout.quote_id}`);
    expect(details).toContain('Nothing is left to do here.');
    const stored = await storedText(key);
    expect(stored).toContain(CALL);
    for (const secret of [
      address,
      order['payment_session_id'],
      'Create the order of quote',
      'Save the RideNDine ids',
    ]) {
      expect(stored).not.toContain(secret);
    }
  }, 240_000);

  it('leads from its page in Directus to its workflow and back', async () => {
    const { key, order } = await cases.linkedOrder();

    await studio.openOrder(order.id);
    await picture(studioPage, 'order');
    const opened = await studio.followWorkflowButton();
    const openedUi = uiIn(opened);

    await openedUi.untilStatus('Completed');
    expect(await openedUi.readCurrentDetails('Done: the order is linked')).toMatch(
      /Save RideNDine’s ids.*The ids are saved\./,
    );
    await picture(opened, 'workflow', { height: 940 });
    expect(opened.url()).toContain(`/${workflowId(key)}/`);
    expect(await studio.readField('status')).toBe('Pending payment');

    const back = await openedUi.followLink('The order in Directus');
    await studioIn(back).untilOrderIsOpen(order.id);
    await Promise.all([opened.close(), back.close()]);
  }, 240_000);
});

describe('a customer misses an order', () => {
  it('because RideNDine is down: it is told when it is tried again, and goes on at once when asked', async () => {
    // 503 with Retry-After, as during maintenance.
    const { key, order } = await cases.orderHeldUp(503);

    // Complaint: "order ab12… is missing".
    await studio.openOrders();
    await studio.searchFor(order.id.slice(0, 8));
    await studio.openListedOrder();
    expect(await studio.readField('id')).toBe(order.id);
    expect(await studio.readField('ridendine_order_id')).toBe('');
    const opened = await studio.followWorkflowButton();
    const openedUi = uiIn(opened);
    await openedUi.untilStatus('Running');

    const details = await openedUi.readCurrentDetails('RideNDine is asked to create the order');
    expect(details).toContain('Pending Activities says what stands in the way');
    const pending = await openedUi.pendingActivityText(CALL);
    expect(pending).toContain('RideNDine answered 503.');
    expect(pending).toContain('It is tried again by itself in 1 hour');
    expect(pending).toContain('If it lasts longer, call RideNDine and ask whether they are down.');
    expect(await storedText(key)).not.toContain('RideNDine answered');
    await picture(opened, 'runbook/pending-step', {
      from: openedUi.tabs,
      above: opened.getByText('Heartbeat Details', { exact: true }),
    });

    await world.clearFaults();
    await openedUi.openReset(CALL);
    await picture(opened, 'runbook/reset-step', { of: openedUi.dialog });
    await openedUi.confirmReset();

    await openedUi.untilStatus('Completed');
    expect(await openedUi.readStage()).toBe('LINKED');
    await openedUi.readCurrentDetails('Done: the order is linked');
    const back = await openedUi.followLink('The order in Directus');
    await studioIn(back).untilOrderIsOpen(order.id);
    const [partnerOrder, ...others] = await world.sandboxOrdersOf(order.id);
    expect(others).toEqual([]);
    expect(await studioIn(back).readField('ridendine_order_id')).toBe(partnerOrder?.ridendine_order_id);
    expect(await studioIn(back).readField('payment_session_id')).toBe(partnerOrder?.payment_session_id);
    await Promise.all([opened.close(), back.close()]);
  }, 240_000);

  it('because RideNDine refused it: it is told why, and the same order is linked when the cause is gone', async () => {
    const why = 'The merchant is not active.';
    const { key, checkout, order } = await cases.newOrder({
      faults: [{ kind: 'status', status: 422, detail: why }],
      isReached: ({ status }) => status === 'FAILED',
    });

    await studio.openOrders('Failed today');
    await studio.searchFor(order.id);
    expect(await studio.listedOrder()).toContain('RideNDineRejected');
    await studio.openListedOrder();
    expect(await studio.readField('status')).toBe('Failed');
    expect(await studio.readField('failure_reason')).toBe('RideNDine refused the order (422).');
    const opened = await studio.followWorkflowButton();
    const openedUi = uiIn(opened);

    await openedUi.untilStatus('Failed');
    const result = await openedUi.readResult();
    expect(result).toContain('RideNDine refused the order (422).');
    expect(result).toContain(failures.RideNDineRejected.advice.whenFailed);
    await picture(opened, 'runbook/failed-run', { above: opened.getByText('"stack_trace"').first() });
    expect(await openedUi.readFailedStep()).toContain(why);
    expect(await storedText(key)).not.toContain(why);
    await opened.close();
    await untilFound(`OrderFailureCode="RideNDineRejected" AND CoocoOrderId="${order.id}"`, key);

    // RideNDine has activated the merchant, and the customer confirms the checkout again.
    const answer = await world.post(key, checkout);

    expect(answer.status).toBe(201);
    await studio.openOrder(order.id);
    const [partnerOrder] = await world.sandboxOrdersOf(order.id);
    expect(await studio.readField('status')).toBe('Pending payment');
    expect(await studio.readField('failure_code')).toBe('');
    expect(await studio.readField('ridendine_order_id')).toBe(partnerOrder?.ridendine_order_id);
    await ui.openWorkflow(workflowId(key));
    await ui.untilStatus('Completed');
  }, 240_000);

  it('and nobody knows whether RideNDine has it: it is looked up there, and linked by a decision', async () => {
    const { key, checkout, order } = await cases.orderInReview();

    // The customer knows only the quote's id.
    await studio.openOrders('Needs review');
    await picture(studioPage, 'runbook/order-list', { window: { width: 1600, height: 420 } });
    await studio.searchFor(checkout.quote_id);
    await studio.openListedOrder();
    expect(await studio.readField('id')).toBe(order.id);
    await picture(studioPage, 'runbook/order', { window: { width: 1280, height: 1360 } });

    await untilFound(`CoocoOrderId="${order.id}"`, key);
    await picture(page, 'runbook/find-order', { height: 420 });
    await ui.openWorkflow(workflowId(key));
    const details = await ui.readCurrentDetails('Your decision is needed');
    await picture(page, 'runbook/current-details', { from: ui.tabs, height: 575 });
    expect(await ui.readStage()).toBe('NEEDS_REVIEW');
    expect(details).toContain('Ask RideNDine whether they have an order with our order id');

    const [found, ...others] = await world.sandboxOrdersOf(order.id);
    expect(others).toEqual([]);
    const decision = {
      decision: 'link',
      ridendine_order_id: found?.ridendine_order_id,
      payment_session_id: found?.payment_session_id,
      actor: 'agent-7',
    };
    await ui.openUpdate('resolveReview');
    await ui.fillUpdate(decision);
    const refused = await ui.submitUpdate();
    expect(refused).toEqual({ kind: 'refused', reason: expect.stringMatching(/^"reason" is missing: it tells why/) });
    await ui.dismissDialog();
    await ui.openUpdate('resolveReview');
    await ui.fillUpdate({ ...decision, reason: 'Ticket 1: RideNDine has it.' });
    await picture(page, 'runbook/decision', { of: ui.dialog });
    expect(await ui.submitUpdate()).toEqual({ kind: 'accepted' });

    await ui.untilStatus('Completed');
    const back = await ui.followLink('The order in Directus');
    const backStudio = studioIn(back);
    await backStudio.untilOrderIsOpen(order.id);
    expect(await backStudio.readField('status')).toBe('Pending payment');
    expect(await backStudio.readField('ridendine_order_id')).toBe(found?.ridendine_order_id);
    await backStudio.untilActionIsListed('link by agent-7: Ticket 1: RideNDine has it.');
    await picture(back, 'runbook/actions-on-the-order', {
      of: backStudio.field('support_actions'),
      margin: 16,
    });
    await back.close();
  }, 240_000);

  it('and nobody knows whether RideNDine has it: it is decided in Directus, under the name of who is logged in', async () => {
    const { checkout, order } = await cases.orderInReview();
    await studio.openOrder(order.id);

    const refused = await studio.decide({ choice: 'Waiting for RideNDine: cancel it', reason: 'Ticket 8' });
    expect(refused).toContain('It is in review: ask RideNDine again');

    await studio.openOrder(order.id);
    expect(await studio.decide({ choice: 'In review: ask RideNDine again', reason: 'Ticket 9' })).toBeUndefined();

    await studio.untilActionIsListed('retry by support@cooco.example.com');
    const [{ id: person } = { id: '' }] = (await world.directus('/users?filter[email][_eq]=support@cooco.example.com'))[
      'data'
    ] as { id: string }[];
    await pWaitFor(async () => (await world.ordersOf(checkout.quote_id))[0]?.['payment_session_id'] !== null, WAIT);
    expect((await world.ordersOf(checkout.quote_id))[0]).toMatchObject({
      support_actions: [{ action: 'retry', actor: `support@cooco.example.com (${person})`, reason: 'Ticket 9' }],
    });
  }, 240_000);

  it('of several orders that wait for the same decision: they are ticked in the list, and decided about at once', async () => {
    const waiting = [await cases.orderInReview(), await cases.orderInReview()];
    await studio.openOrders('Needs review');
    const ids = waiting.map(({ order }) => order.id);

    const refused = await studio.decideAboutListed(ids, {
      choice: 'Waiting for RideNDine: cancel it',
      reason: 'Ticket 10',
    });
    expect(refused).toContain('For several orders at once there are only');

    await studio.openOrders('Needs review');
    expect(
      await studio.decideAboutListed(ids, { choice: 'In review: ask RideNDine again', reason: 'Ticket 10' }),
    ).toBeUndefined();
    for (const { checkout } of waiting) {
      await pWaitFor(async () => (await world.ordersOf(checkout.quote_id))[0]?.['payment_session_id'] !== null, WAIT);
      expect((await world.ordersOf(checkout.quote_id))[0]).toMatchObject({
        support_actions: [expect.objectContaining({ action: 'retry', reason: 'Ticket 10' })],
      });
    }
  }, 240_000);
});

describe('a call to RideNDine that is to wait for an hour', () => {
  it('can be paused, and is made again at once after the pause', async () => {
    const { key, order } = await cases.orderHeldUp(429);
    await ui.openWorkflow(workflowId(key));

    await ui.pauseActivity(CALL, { reason: 'Ticket 2' });
    await ui.untilActivityIs(CALL, 'Paused');
    expect(await ui.pendingActivityText(CALL)).toContain('Ticket 2');
    await picture(page, 'runbook/paused-step', {
      from: ui.tabs,
      above: page.getByText('Heartbeat Details', { exact: true }),
    });

    await world.clearFaults();
    await ui.unpauseActivity(CALL);
    await ui.untilStatus('Completed');
    expect(await world.sandboxOrdersOf(order.id)).toHaveLength(1);
  }, 240_000);
});

describe('the page of an order', () => {
  const nothing: Offers = { decides: false, makesOrders: false, deletesOrders: false, configures: false };

  it.each<[string, () => Promise<Login>, Offers]>([
    [
      'an administrator everything',
      async () => ({ email: DIRECTUS_ADMIN_EMAIL, password: world.stack.secrets.directusAdminPassword }),
      { decides: true, makesOrders: true, deletesOrders: true, configures: true },
    ],
    ['COOCO support lead to decide', async () => leadLogin(), { ...nothing, decides: true }],
    ['COOCO support nothing', newLooker, nothing],
  ])(
    'offers %s',
    async (_what, login, offered) => {
      const { order } = await cases.linkedOrder();
      const window = await newWindow(browser);
      const theirStudio = studioIn(window);
      await theirStudio.logIn(await login());

      expect(await theirStudio.offers(order.id)).toEqual(offered);
      await window.context().close();
    },
    240_000,
  );
});

describe('an order that is not sent yet', () => {
  it('is cancelled in the Temporal UI, RideNDine never hears of it, and the order says who wanted it and why', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    const { postgres } = world.stack;
    if (postgres === undefined) throw new Error('The stack has no database of its own.');
    // Directus' insert with the same key must wait for this transaction.
    const hold = await openHold(postgres);
    await hold.query('INSERT INTO orders (id, idempotency_key) VALUES (gen_random_uuid(), $1)', [key]);
    await world.post(key, checkout, { prefer: 'wait=0' });
    await hold.untilWaitedFor(1);

    await ui.openWorkflow(workflowId(key));
    expect(await ui.readCurrentDetails('The order is being written to Directus')).toContain(
      'The order can still be cancelled: send the update cancelOrder.',
    );
    await ui.openUpdate('cancelOrder');
    await ui.fillUpdate({ actor: 'agent-7', reason: 'Ticket 3: ordered twice.' });
    await picture(page, 'runbook/cancel-order', { of: ui.dialog });
    const answer = ui.submitUpdate();
    const handle = world.temporal.workflow.getHandle(workflowId(key));
    const isTaken = async () => {
      const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
      return currentDetails?.includes('it is being cancelled') === true;
    };
    await pWaitFor(isTaken, { interval: 100, timeout: 60_000 });
    await hold.release();

    await expect(answer).resolves.toEqual({ kind: 'accepted' });
    await ui.untilStatus('Canceled');
    const order = await cases.onlyOrderOf(checkout);
    expect(await world.sandboxAttemptsOf(order.id)).toEqual([]);
    await studio.openOrder(order.id);
    expect(await studio.readField('status')).toBe('Cancelled');
    await studio.untilActionIsListed('cancel by agent-7: Ticket 3: ordered twice.');
  }, 240_000);
});

function uiIn(window: Page): TemporalUi {
  const { urls, temporal } = world.stack;
  if (urls.temporalUi === undefined) throw new Error('The stack has no Temporal of its own.');
  return temporalUi(window, { url: urls.temporalUi, namespace: temporal.namespace });
}

function studioIn(window: Page): DataStudio {
  return dataStudio(window, { url: world.stack.urls.directus });
}

/** Waits until the query finds only this key's workflow. The server lists a workflow a moment after its start. */
async function untilFound(query: string, key: string): Promise<void> {
  await pWaitFor(async () => (await ui.findWorkflows(query)).join(' ') === workflowId(key), WAIT);
}

/** What somebody with Temporal's data, but without our keys, can read of a run. */
async function storedText(key: string): Promise<string> {
  const handle = world.temporal.workflow.getHandle(workflowId(key));
  const [history, { raw }] = await Promise.all([handle.fetchHistory(), handle.describe()]);
  return textIn([history, raw]);
}

function leadLogin(): Login {
  const { supportLogin } = world.stack;
  if (supportLogin === undefined) throw new Error('Directus has no user for support staff.');
  return supportLogin;
}

/** Creates a user with the role COOCO support. */
async function newLooker(): Promise<Login> {
  const looker = { email: 'looker@cooco.example.com', password: randomUUID() };
  const person = { id: randomUUID(), ...looker, role: supportRole.ids.role, status: 'active' };
  await world.directus('/users', { method: 'POST', body: JSON.stringify(person) });
  return looker;
}
