import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import type { Browser, Page } from 'playwright-core';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';
import type { LinkIds } from '../../src/domain/order.ts';
import type { OrderRow } from '../support/order-world.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { newWindow, startBrowser } from './browser.ts';
import { casesIn } from './cases.ts';
import type { Case, Cases } from './cases.ts';
import { dataStudio } from './data-studio.ts';
import type { DataStudio } from './data-studio.ts';
import { countEffort } from './effort.ts';
import type { Effort } from './effort.ts';
import { picture } from './picture.ts';
import { temporalUi } from './temporal-ui.ts';
import type { TemporalUi } from './temporal-ui.ts';

/**
 * A support lead, who has the orders open in Directus, solves each complaint. The tests count clicks and characters.
 */

const WAIT = { interval: 100, timeout: 60_000 };
const TABLE = new URL('../../docs/decisions/0022-decisions-are-a-flow-of-directus.md', import.meta.url);
const WHY_REFUSED = 'The merchant is not active.';

let world: RunningStack;
let browser: Browser;
let page: Page;
let studio: DataStudio;
let cases: Cases;
let effort: { untilNow(): Effort };

beforeAll(async () => {
  browser = await startBrowser();
  world = await startRunningStack({ RIDENDINE_TIMEOUT_MS: '2000', WORKER_SWEEP_INTERVAL: '1d' });
  cases = casesIn(world);
  page = await newWindow(browser);
  effort = await countEffort(page.context());
  studio = dataStudio(page, { url: world.stack.urls.directus });
  const { supportLogin } = world.stack;
  if (supportLogin === undefined) throw new Error('Directus has no user for support staff.');
  await studio.logIn(supportLogin);
}, 360_000);
afterEach(() => world.clearFaults());
afterAll(async () => {
  await browser.close();
  await world.stop();
});

describe('a customer says', () => {
  it('“Where is my order?”: RideNDine is down, and it goes on when it is tried again', async () => {
    const { order } = await cases.orderHeldUp(503);
    const walk = await begin('Where is my order?');

    await find(order.id.slice(0, 8));
    expect(await studio.whatToDo()).toContain('Wait some minutes.');
    walk.found();
    const { ui, close } = await openWorkflow();
    await world.clearFaults();
    await ui.openReset('createRideNDineOrder');
    await ui.confirmReset();

    await ui.untilStatus('Completed');
    walk.end();
    await close();
  });

  it('“It was refused”: RideNDine says why, and the customer confirms the same checkout again', async () => {
    const { key, checkout, order } = await cases.newOrder({
      faults: [{ kind: 'status', status: 422, detail: WHY_REFUSED }],
      isReached: ({ status }) => status === 'FAILED',
    });
    const walk = await begin('It was refused');

    await find(order.id.slice(0, 8));
    expect(await studio.whatToDo()).toContain('the customer confirms the same checkout again');
    walk.found();
    const { ui, close } = await openWorkflow();
    expect(await ui.readCurrentDetails('The checkout did not become an order')).toContain(WHY_REFUSED);
    walk.end();
    await close();

    expect((await world.post(key, checkout)).status).toBe(201);
  });

  it('“Do I have an order or not?”: RideNDine does not have it, and is asked again by whoever is logged in', async () => {
    const { checkout, order } = await orderThatNobodyHas();
    const walk = await begin('Do I have an order or not?');

    await find(order.id.slice(0, 8));
    walk.found();
    await decide({ choice: 'In review: ask RideNDine again', reason: 'Ticket 1' });
    walk.end();

    expect(await untilLinked(checkout)).toMatchObject({
      support_actions: [{ action: 'retry', actor: expect.stringContaining(email()), reason: 'Ticket 1' }],
    });
  });

  it('“I clicked twice”: there is one order', async () => {
    const checkout = await world.newCheckout();
    const answers = [await world.post(randomUUID(), checkout), await world.post(randomUUID(), checkout)];
    expect(answers.map(({ status }) => status)).toEqual([201, 409]);
    const { id } = await cases.onlyOrderOf(checkout);
    const walk = await begin('I clicked twice');

    await find(checkout.quote_id);
    walk.found();
    expect(await studio.readField('id')).toBe(id);
    expect(await studio.whatToDo()).toContain('RideNDine has the order.');
    walk.end();
  });

  it('“I paid, but there is no order”: RideNDine has it, and it is linked to what was paid', async () => {
    const { checkout, order } = await cases.orderInReview();
    const ids = await idsOf(order);
    const walk = await begin('I paid, but there is no order');

    // RideNDine names our id of the paid order.
    await find(order.id);
    walk.found();
    await decide({ choice: 'In review: they have it, link', reason: 'Ticket 2', ids, look: takePicture });
    walk.end();

    expect(await untilLinked(checkout)).toMatchObject(ids);
  });

  it('“The address is wrong”: RideNDine does not have it yet, and never gets it', async () => {
    const { checkout, order } = await cases.orderHeldUp(429);
    const walk = await begin('The address is wrong');

    await find(order.id.slice(0, 8));
    walk.found();
    await decide({ choice: 'Waiting for RideNDine: cancel it', reason: 'Ticket 3' });
    walk.end();

    expect(await cases.onlyOrderOf(checkout)).toMatchObject({
      status: 'CANCELLED',
      support_actions: [{ action: 'cancel', reason: 'Ticket 3' }],
    });
    expect(await world.sandboxOrdersOf(order.id)).toEqual([]);
  });

  it('“This is not my order”: it has wrong ids, and gets the right ones', async () => {
    const { key, order } = await cases.linkedOrder();
    const ids = { ridendine_order_id: `rnd_${'c3'.repeat(12)}`, payment_session_id: `ps_${'d4'.repeat(16)}` };
    const walk = await begin('This is not my order');

    await find(String(order['ridendine_order_id']));
    walk.found();
    await decide({ choice: 'Linked: correct a wrong link', reason: 'Ticket 4', ids });
    walk.end();

    expect(await (await world.get(key)).json()).toMatchObject(ids);
  });

  it.each<[string, string, () => Promise<Case>, (order: OrderRow) => Promise<object>]>([
    ['“Do I have an order or not?”', 'resolveReview', orderThatNobodyHas, async () => ({ decision: 'retry' })],
    [
      '“I paid, but there is no order”',
      'resolveReview',
      () => cases.orderInReview(),
      async (order) => ({ decision: 'link', ...(await idsOf(order)) }),
    ],
    ['“The address is wrong”', 'cancelOrder', () => cases.orderHeldUp(429), async () => ({})],
  ])('%s, which took an update in the Temporal UI before there was a form', async (said, update, makeCase, input) => {
    const { order } = await makeCase();
    const walk = await begin(`${said.slice(1, -1)} (Temporal UI)`);

    await find(order.id);
    walk.found();
    const { ui, close } = await openWorkflow();
    await ui.openUpdate(update);
    await ui.fillUpdate({ ...(await input(order)), actor: 'me', reason: 'Ticket 5' });
    expect(await ui.submitUpdate()).toEqual({ kind: 'accepted' });
    walk.end();
    await close();
  });

  it('and what it takes is what decision 22 says', async () => {
    const rows = [...(await readFile(TABLE, 'utf8')).matchAll(/^\| “(.+)” +\| (\d+) +\| (\d+) +\| (\d+) +\|/gm)];

    const told = rows.map(([, complaint, toOrder, fromThere, characters]) => [
      complaint,
      ...[toOrder, fromThere, characters].map(Number),
    ]);

    expect(told).toEqual(
      Object.entries(walked).map(([complaint, { toOrder, fromThere }]) => [
        complaint,
        toOrder.clicks,
        fromThere.clicks,
        toOrder.characters + fromThere.characters,
      ]),
    );
    const now = Object.entries(walked).filter(([complaint]) => !complaint.endsWith('(Temporal UI)'));
    expect(Math.max(...now.map(([, { fromThere }]) => fromThere.clicks))).toBe(4);
  });
});

/** The effort of one case: to the order, and from there to the end. */
interface Walked {
  toOrder: Effort;
  fromThere: Effort;
}

const walked: Record<string, Walked> = {};

async function begin(complaint: string): Promise<{ found(): void; end(): void }> {
  await studio.openOrders();
  const start = effort.untilNow();
  let atOrder = start;
  return {
    found() {
      atOrder = effort.untilNow();
    },
    end() {
      walked[complaint] = { toOrder: between(start, atOrder), fromThere: between(atOrder, effort.untilNow()) };
    },
  };
}

function between(from: Effort, to: Effort): Effort {
  return { clicks: to.clicks - from.clicks, characters: to.characters - from.characters };
}

/** Finds and opens an order. Types a short text, as a person reads it off a message, and pastes a long one. */
async function find(known: string): Promise<void> {
  await studio.searchFor(known, { isPasted: known.length > 8 });
  await studio.openListedOrder();
}

async function decide(decision: Parameters<DataStudio['decide']>[0]): Promise<void> {
  expect(await studio.decide(decision)).toBeUndefined();
}

/** An order in review that RideNDine does not have, though our side cannot know that. */
function orderThatNobodyHas(): Promise<Case> {
  return cases.newOrder({
    faults: [
      { kind: 'status', status: 503 },
      { kind: 'status', status: 422, detail: WHY_REFUSED },
    ],
    isReached: ({ status }) => status === 'NEEDS_REVIEW',
  });
}

/** RideNDine's ids of the order. @throws Error if RideNDine does not have the order. */
async function idsOf({ id }: OrderRow): Promise<LinkIds> {
  const [order] = await world.sandboxOrdersOf(id);
  if (order === undefined) throw new Error('RideNDine does not have the order.');
  const { ridendine_order_id, payment_session_id } = order;
  return { ridendine_order_id, payment_session_id };
}

function takePicture(): Promise<void> {
  return picture(page, 'runbook/decide-in-directus');
}

async function openWorkflow(): Promise<{ ui: TemporalUi; close: () => Promise<void> }> {
  const { urls, temporal } = world.stack;
  if (urls.temporalUi === undefined) throw new Error('The stack has no Temporal of its own.');
  const opened = await studio.followWorkflowButton();
  return {
    ui: temporalUi(opened, { url: urls.temporalUi, namespace: temporal.namespace }),
    close: () => opened.close(),
  };
}

async function untilLinked(checkout: DemoCheckout): Promise<OrderRow> {
  await pWaitFor(async () => (await cases.onlyOrderOf(checkout))['payment_session_id'] !== null, WAIT);
  return await cases.onlyOrderOf(checkout);
}

function email(): string {
  return world.stack.supportLogin?.email ?? '';
}
