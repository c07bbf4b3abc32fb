import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import pWaitFor from 'p-wait-for';
import { bulkDecisionWorkflowId } from '../../src/contract/bulk-decision.ts';
import type { BulkDecisionState } from '../../src/contract/bulk-decision.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../../src/contract/runs.ts';
import { startBulkDecision, watchBulkDecision } from '../../src/operators/bulk-decision.ts';
import { listRunsInReview } from '../../src/operators/find-run.ts';
import { TemporalAccessError } from '../../src/temporal/temporal-access.ts';
import { runProgram } from '../support/run-program.ts';
import { noAnswer, rejected } from '../support/started-orders.ts';
import type { StartedOrder } from '../support/started-orders.ts';
import { newEncryptionKey, testEncryptionKeys } from '../support/test-encryption.ts';
import { withAnswer } from '../support/temporal-answers.ts';
import { startOrdersOnTemporal } from '../support/orders-on-temporal.ts';
import type { OrdersOnTemporal } from '../support/orders-on-temporal.ts';

const by = ['--actor', 'agent-7', '--reason', 'Ticket 1'];
const decision = { decision: 'retry', actor: 'agent-7', reason: 'Ticket 1' } as const;
const CODE = 'RideNDineRejected';

let site: OrdersOnTemporal;
let temporal: OrdersOnTemporal['temporal'];
let client: OrdersOnTemporal['client'];
let access: OrdersOnTemporal['access'];
let orders: OrdersOnTemporal['orders'];
let cleanUps: OrdersOnTemporal['cleanUps'];
/** Called when a step has decided and has not yet reported the result. */
let loseAnswer = () => {};

beforeAll(async () => {
  site = await startOrdersOnTemporal({ afterDecision: async () => loseAnswer() });
  ({ temporal, client, access, orders, cleanUps } = site);
}, 240_000);
afterAll(() => site.stop());
afterEach(() => site.cleanUp());

function review(args: string[], environment: Record<string, string> = {}) {
  return runProgram('review', args, {
    TEMPORAL_ADDRESS: temporal.settings.address,
    ENCRYPTION_KEYS: testEncryptionKeys,
    ...environment,
  });
}

/** Orders in review. RideNDine takes each of them at the next attempt. */
function inReview(count: number): Promise<StartedOrder[]> {
  return Promise.all(
    Array.from({ length: count }, () => orders.inReview({ ridendine: [noAnswer, rejected, undefined] })),
  );
}

async function listed(...more: string[]): Promise<string> {
  return (await review(['retry', '--all', '--code', CODE, '--dry-run', ...more])).stdout;
}

/** The support actions `retry` with which the order was marked. */
function retriedBy({ marks }: StartedOrder): unknown[] {
  return marks.flatMap((mark) => (mark.support_action?.action === 'retry' ? [mark.support_action] : []));
}

describe('npm run review -- retry --all', () => {
  it('decides about each order with the failure, a few a second, and tells what came of it', async () => {
    const meant = await inReview(12);
    const other = await orders.inReview({ ridendine: [noAnswer], keyLivesMs: 0 });

    const began = performance.now();
    const { exitCode, stdout, stderr } = await review(
      ['retry', '--all', '--code', CODE, '--not-at-ridendine', '--yes', ...by],
      {
        BULK_DECISIONS_PER_SECOND: '5',
      },
    );

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    // Five decisions at once, five a second later, two in the third second.
    expect(performance.now() - began).toBeGreaterThan(2000);
    expect(stdout).toContain('12 of 12 orders in review with this failure.');
    expect(stdout).toContain('At most 5 orders a second.');
    expect(stdout).toMatch(/^DECIDED +REFUSED +LEFT\n12 +0 +0$/m);
    for (const order of meant) {
      await expect(order.handle.result()).resolves.toMatchObject(order.link);
      expect(order.sent).toHaveLength(3);
      expect(retriedBy(order)).toEqual([expect.objectContaining({ actor: 'agent-7', reason: 'Ticket 1' })]);
    }
    expect(retriedBy(other)).toEqual([]);
    await orders.untilListed(other, 'NEEDS_REVIEW');
  }, 120_000);

  it('decides nothing with keys that the workers lack', async () => {
    const order = await orders.inReview({ ridendine: [noAnswer, rejected, undefined] });

    const { exitCode, stderr } = await review(
      ['retry', '--all', '--code', CODE, '--not-at-ridendine', '--yes', ...by],
      {
        ENCRYPTION_KEYS: newEncryptionKey('strange'),
      },
    );

    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr:
        'Nothing was begun: the workers cannot read what was sent. Set ENCRYPTION_KEYS to the keys of the workers, and run workers of this version.',
    });
    await expect(
      client.workflow.count(`WorkflowType = 'bulkDecision' AND ExecutionStatus = 'Running'`),
    ).resolves.toMatchObject({ count: 0 });
    expect(retriedBy(order)).toEqual([]);
  }, 60_000);

  it('only shows them where it is asked to, and takes no more than it is told, the oldest first', async () => {
    const [first, second, third] = [await orders.inReview(), await orders.inReview(), await orders.inReview()];
    const wanted = ['--all', '--code', CODE, '--limit', '2'];

    const shown = await review(['abandon', ...wanted, '--dry-run']);
    const unasked = await review(['abandon', ...wanted, ...by]);

    expect({ ...shown, stdout: '' }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(shown.stdout).toMatch(new RegExp(`^ORDER.*\n${first.orderId} .*\n${second.orderId} .*\n\n2 of 3 orders`));
    expect(unasked).toEqual({
      exitCode: 1,
      stdout: expect.stringContaining('2 of 3 orders in review with this failure.'),
      stderr: 'Nothing was decided. Check the output above, then add --yes.',
    });
    for (const { marks } of [first, second, third]) expect(marks).toHaveLength(1);
  }, 60_000);

  it('takes those of one store, and those that began since a time', async () => {
    const [old, recent] = [await orders.inReview(), await orders.inReview()];
    const { startTime } = await recent.handle.describe();
    const ofStore = await listed('--store', old.storeId);
    const since = await listed('--since', startTime.toISOString());
    const sinceHours = await listed('--since', '2h');

    expect([ofStore.includes(old.orderId), ofStore.includes(recent.orderId)]).toEqual([true, false]);
    expect([since.includes(old.orderId), since.includes(recent.orderId)]).toEqual([false, true]);
    expect([sinceHours.includes(old.orderId), sinceHours.includes(recent.orderId)]).toEqual([true, true]);
    expect(await listed('--since', '2099-01-01')).toContain('0 of 0 orders');
  }, 60_000);

  it('says of each order that does not take the decision why not, and decides about the others', async () => {
    const [good] = await inReview(1);
    const gone = await orders.inReview({
      override: {
        async markOrder() {
          return { kind: 'left' };
        },
      },
    });

    const { exitCode, stdout, stderr } = await review([
      'abandon',
      '--all',
      '--code',
      CODE,
      '--not-at-ridendine',
      '--yes',
      ...by,
    ]);

    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(stdout).toMatch(/^DECIDED +REFUSED +LEFT\n1 +1 +0$/m);
    expect(stdout).toMatch(new RegExp(`^ORDER +WHY NOT\n${gone.orderId}  The order is missing in Directus`, 'm'));
    await expect(good?.handle.result()).rejects.toThrow(WorkflowFailedError);
    await orders.untilListed(gone, 'NEEDS_REVIEW');
  }, 60_000);

  it('goes on when nobody watches, and tells whoever watches later', async () => {
    const meant = await inReview(4);
    const id = await begin({ perSecond: 1 });
    await pWaitFor(async () => (await stateOf(id)).decided > 0, { timeout: 30_000 });

    const { exitCode, stdout, stderr } = await review(['watch', id]);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^[1-4] decided, 0 refused, [0-3] left\n/);
    expect(stdout).toMatch(/^DECIDED +REFUSED +LEFT\n4 +0 +0$/m);
    for (const { handle, link } of meant) await expect(handle.result()).resolves.toMatchObject(link);
  }, 60_000);

  it('stops before the next orders where somebody requests that, and those stay in review', async () => {
    const meant = await inReview(3);
    const id = await begin({ perSecond: 1 });
    await pWaitFor(async () => (await stateOf(id)).decided > 0, { timeout: 30_000 });
    await client.workflow.getHandle(bulkDecisionWorkflowId(id)).cancel();

    const { exitCode, stdout, stderr } = await review(['watch', id]);

    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'It was stopped before all orders had their turn.' });
    const [, decided, left] = /^DECIDED +REFUSED +LEFT\n(\d) +0 +(\d)$/m.exec(stdout) ?? [];
    expect(Number(decided) + Number(left)).toBe(3);
    expect(Number(left)).toBeGreaterThan(0);
    expect(meant.flatMap(retriedBy)).toHaveLength(Number(decided));
  }, 60_000);

  it('begun again with the same id is the same decision', async () => {
    const meant = await inReview(2);
    const runs = await listRunsInReview(access, { orderIds: meant.map(({ orderId }) => orderId) });
    const id = randomUUID();
    const bulk = { id, decision, runs, perSecond: 5 };

    await startBulkDecision(access, bulk);
    await startBulkDecision(access, bulk);
    await watchBulkDecision(access, id);
    await startBulkDecision(access, bulk);

    expect(meant.map((order) => retriedBy(order).length)).toEqual([1, 1]);
  }, 60_000);

  it('is not called unsent if Temporal falls silent after it has begun', async () => {
    const [order] = await inReview(1);
    const runs = await listRunsInReview(access, { orderIds: order ? [order.orderId] : [] });
    const silent = new TemporalAccessError('no answer in time', 'Silent.', { isUnimplemented: false });
    const connection = withAnswer(access.connection, 'getWorkflowExecutionHistory', () => Promise.reject(silent));
    const id = randomUUID();

    const begun = startBulkDecision({ ...access, connection }, { id, decision, runs, perSecond: 5 });

    await expect(begun).rejects.toMatchObject({ outcome: 'unanswered' });
    expect(await watchBulkDecision(access, id)).toMatchObject({ progress: 'done', decided: 1 });
  }, 60_000);

  it('decides about an order once, although the answer of the first attempt was lost', async () => {
    const meant = await inReview(3);
    let lost = 0;
    loseAnswer = () => {
      lost += 1;
      if (lost <= meant.length) throw new Error('The worker is gone.');
    };
    cleanUps.push(() => (loseAnswer = () => {}));

    const { decided, refused } = await watchBulkDecision(access, await begin({ perSecond: 5 }));

    expect({ lost, decided, refused }).toEqual({ lost: 2 * meant.length, decided: 3, refused: [] });
    expect(meant.map((order) => retriedBy(order).length)).toEqual([1, 1, 1]);
  }, 120_000);
});

async function begin({ perSecond }: { perSecond: number }): Promise<string> {
  const id = randomUUID();
  await startBulkDecision(access, { id, decision, runs: await listRunsInReview(access), perSecond });
  return id;
}

function stateOf(id: string): Promise<BulkDecisionState> {
  return client.workflow.getHandle(bulkDecisionWorkflowId(id)).query<BulkDecisionState>('bulkDecisionState');
}

describe('a call about many orders that is wrong', () => {
  const code = ['--code', CODE];
  it.each<[string, string[], string]>([
    ['no code', ['retry', '--all', ...by], '--all needs --code <failure code>'],
    ['an unknown code', ['retry', '--all', '--code', 'Broken', ...by], 'There is no failure code "Broken"'],
    ['a decision that is for one order', ['link', '--all', ...code, ...by], '--all goes with retry or abandon'],
    ['an id', ['retry', 'o-1', '--all', ...code, ...by], '"o-1" is too much'],
    ['nobody who decides', ['abandon', '--all', ...code], '--actor is missing'],
    ['nobody who has asked RideNDine', ['retry', '--all', ...code, ...by, '--yes'], 'add --not-at-ridendine'],
    ['nobody who has asked before giving up', ['abandon', '--all', ...code, ...by, '--yes'], 'add --not-at-ridendine'],
    ['a limit of none', ['retry', '--all', ...code, '--limit', '0', ...by], '--limit has to be a whole number'],
    ['a time that is none', ['retry', '--all', ...code, '--since', 'soon', ...by], '--since has to be a time'],
    ['a number without a unit', ['retry', '--all', ...code, '--since', '2', ...by], '--since has to be a time'],
    ['a unit without a number', ['retry', '--all', ...code, '--since', 'h', ...by], '--since has to be a time'],
    ['--code without --all', ['retry', 'o-1', ...code, ...by], '--code is for many orders at once: with --all.'],
    ['no id to watch', ['watch'], '"watch" needs the id'],
  ])('by %s is explained, and nothing is sent', async (_case, args, expected) => {
    const { exitCode, stdout, stderr } = await runProgram('review', args, { TEMPORAL_ADDRESS: 'nowhere:1' });

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(expected);
  });

  it('by an id that nobody knows is explained', async () => {
    const { exitCode, stderr } = await review(['watch', randomUUID()]);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Temporal knows no decision about many orders by "/);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no runs', { decision, per_second: 1 }],
    ['a link', { decision: { ...decision, decision: 'link' }, runs: [], per_second: 1 }],
    ['a run without its id', { decision, runs: [{ workflow_id: 'w' }], per_second: 1 }],
    ['no rate', { decision, runs: [] }],
  ])('started by hand with %s ends with the reason', async (_case, input) => {
    const run = client.workflow.execute('bulkDecision', {
      workflowId: bulkDecisionWorkflowId(randomUUID()),
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      args: [input],
    });

    await expect(run).rejects.toMatchObject({
      cause: { type: 'InputInvalid', message: expect.stringMatching(/^.+$/) },
    });
  });
});

it('an answer of the list holds the idle run of no other failure', async () => {
  const order = await orders.inReview();

  const found = await listRunsInReview(access, { failureCode: 'RideNDineUnavailable', orderIds: [order.orderId] });

  expect(found).toEqual([]);
});
