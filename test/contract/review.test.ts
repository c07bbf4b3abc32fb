import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import pWaitFor from 'p-wait-for';
import { searchAttributes } from '../../src/contract/runs.ts';
import type { OrderCreationStage } from '../../src/contract/runs.ts';
import { requestFingerprint } from '../../src/domain/request-fingerprint.ts';
import { decide } from '../../src/operators/decide.ts';
import { findRun } from '../../src/operators/find-run.ts';
import { Submission } from '../../src/operators/submission.ts';
import type { Patience } from '../../src/operators/submission.ts';
import { withTemporalAccess } from '../../src/temporal/temporal-access.ts';
import { newNamespace } from '../support/new-namespace.ts';
import { runProgram } from '../support/run-program.ts';
import { noAnswer, rejected } from '../support/started-orders.ts';
import type { StartedOrder } from '../support/started-orders.ts';
import { newEncryptionKey, testDataConverter, testEncryptionKeys } from '../support/test-encryption.ts';
import { startOrdersOnTemporal } from '../support/orders-on-temporal.ts';
import type { OrdersOnTemporal } from '../support/orders-on-temporal.ts';

const notLinked = ApplicationFailure.nonRetryable('There is nothing to correct.', 'OrderNeedsReview');
const WAIT = { timeout: 60_000 };
const by = ['--actor', 'agent-7', '--reason', 'Ticket 1'];

let site: OrdersOnTemporal;
let temporal: OrdersOnTemporal['temporal'];
let worker: OrdersOnTemporal['worker'];
let connection: OrdersOnTemporal['connection'];
let client: OrdersOnTemporal['client'];
let orders: OrdersOnTemporal['orders'];
let cleanUps: OrdersOnTemporal['cleanUps'];

beforeAll(async () => {
  site = await startOrdersOnTemporal();
  ({ temporal, worker, connection, client, orders, cleanUps } = site);
}, 240_000);
afterAll(() => site.stop());
afterEach(() => site.cleanUp());

describe('npm run review -- list', () => {
  it('shows the orders in review, the oldest first, each with what it is about, and no other', async () => {
    const older = await orders.inReview();
    const newer = await orders.inReview();
    const linked = await orders.start();
    await linked.handle.result();

    const { exitCode, stdout, stderr } = await review('list');

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const [head, ...lines] = stdout.split('\n');
    expect(head).toMatch(/^ORDER +IN REVIEW SINCE +FAILURE +QUOTE$/);
    const ours = lines.filter((line) => [older, newer, linked].some(({ orderId }) => line.startsWith(orderId)));
    expect(ours).toEqual(
      [older, newer].map(({ orderId, request }) =>
        expect.stringMatching(
          new RegExp(
            `^${orderId}  \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ \\(\\d+ \\w+ ago\\) +RideNDineRejected +${request.quote_id}$`,
          ),
        ),
      ),
    );
  });

  it('counts the time from the last review on, not from the start of the order', async () => {
    const first = await orders.inReview({ ridendine: [noAnswer, rejected, noAnswer, rejected] });
    const second = await orders.inReview();
    await decideThere(first.handle, { decision: 'retry' });
    await pWaitFor(async () => first.sent.length === 4 && (await stageOf(first.handle)) === 'NEEDS_REVIEW');

    const { stdout } = await review('list');

    expect(stdout.indexOf(second.orderId)).toBeGreaterThan(0);
    expect(stdout.indexOf(first.orderId)).toBeGreaterThan(stdout.indexOf(second.orderId));
  });

  it('says "none" if there is none', async () => {
    await expect(review('list', [], { TEMPORAL_NAMESPACE: await preparedNamespace() })).resolves.toEqual({
      exitCode: 0,
      stdout: 'none',
      stderr: '',
    });
  });
});

describe('npm run review -- show', () => {
  it('tells how the order stands and what can be done, whatever id it is known by', async () => {
    const { orderId, request } = await orders.inReview();
    const key = request.idempotency_key;

    const { exitCode, stdout, stderr } = await review('show', [orderId]);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^order-creation-${key}$`, 'm'));
    expect(stdout).toMatch(/^ {2}stage {12}NEEDS_REVIEW$/m);
    expect(stdout).toMatch(/^ {2}in review since {2}\d{4}-.* ago\)$/m);
    expect(stdout).toMatch(new RegExp(`^ {2}order {12}${orderId}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^ {2}quote {12}${request.quote_id}$`, 'm'));
    expect(stdout).toMatch(/^ {2}failure {10}RideNDineRejected$/m);
    expect(stdout).toContain(`npm run review -- link ${orderId} --ridendine-order-id <id>`);
    expect(stdout).not.toContain('overdue');
    for (const id of [key, key.toUpperCase(), `order-creation-${key}`, request.quote_id, orderId.toUpperCase()]) {
      await expect(review('show', [id])).resolves.toEqual({
        exitCode: 0,
        stdout: expect.stringContaining(orderId),
        stderr: '',
      });
    }
  });

  it('gives the reason of the failure in words, which Temporal stores encrypted', async () => {
    const { orderId } = await orders.inReview();

    const { stdout } = await review('show', [orderId]);

    expect(stdout).toContain('RideNDine refused the order (422).');
  });

  it('says that a review is overdue', async () => {
    const { orderId, handle } = await orders.inReview({ reviewWindowMs: 1 });
    await pWaitFor(
      async () => (await handle.query<{ review_overdue?: true }>('orderCreationState')).review_overdue === true,
    );

    const { stdout } = await review('show', [orderId]);

    expect(stdout).toContain('The review is overdue');
  });

  it('shows what a step fails at, which Temporal stores encrypted', async () => {
    const { orderId, handle } = await orders.inReview({
      override: {
        async markOrder() {
          throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus answered 503.' });
        },
      },
    });
    await pWaitFor(
      async () => (await handle.describe()).raw.pendingActivities?.some(({ lastFailure }) => lastFailure) ?? false,
    );

    const { stdout } = await review('show', [orderId]);

    expect(stdout).toMatch(
      /^ {2}pending step {5}markOrder, attempt \d+; the last one failed: Directus answered 503\./m,
    );
    const { raw } = await handle.describe();
    expect(raw.pendingActivities?.[0]?.lastFailure?.message).not.toContain('Directus');
  });

  it('finds a linked order by the id that RideNDine gave it, and has nothing to do about it', async () => {
    const { orderId, link, handle } = await orders.start();
    await handle.result();
    await pWaitFor(async () => (await review('show', [link.ridendine_order_id])).exitCode === 0);

    const { stdout } = await review('show', [link.ridendine_order_id]);

    expect(stdout).toMatch(/^ {2}stage {12}LINKED$/m);
    expect(stdout).toMatch(new RegExp(`^ {2}order {12}${orderId}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^ {2}payment session {2}${link.payment_session_id}$`, 'm'));
    expect(stdout).toContain('Nothing: the order is linked.');
  });

  it('tells what Temporal knows where no worker runs, and that one is missing', async () => {
    const namespace = await preparedNamespace();
    const { orderId } = await startUnattended(namespace, { stage: 'NEEDS_REVIEW' });

    const { exitCode, stdout } = await review('show', [orderId], { TEMPORAL_NAMESPACE: namespace });

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ {2}stage {12}NEEDS_REVIEW$/m);
    expect(stdout).toContain('No worker answers');
  });

  it('says of a run that was terminated how its order goes on', async () => {
    const { orderId, handle } = await orders.inReview();
    await handle.terminate();

    const { stdout } = await review('show', [orderId]);

    expect(stdout).toMatch(/^ {2}run {14}TERMINATED$/m);
    expect(stdout).toContain('ended from outside (TERMINATED)');
  });

  it.each([['nobody-has-this-id'], [randomUUID()], ["x' OR WorkflowType = 'orderCreation"], ["\\' OR 1 = 1 OR '"]])(
    'says that nothing is known by %s',
    async (id) => {
      await orders.inReview();

      const { exitCode, stderr } = await review('show', [id]);

      expect(exitCode).toBe(1);
      expect(stderr).toContain(`Temporal knows no order creation by "${id}": check the id, and TEMPORAL_NAMESPACE`);
    },
  );

  it('names the order creations of which it could be any', async () => {
    const namespace = await preparedNamespace();
    const quoteId = randomUUID();
    const first = await startUnattended(namespace, { quoteId, stage: 'FAILED' });
    const second = await startUnattended(namespace, { quoteId, stage: 'NEEDS_REVIEW' });

    const { exitCode, stderr } = await review('show', [quoteId], { TEMPORAL_NAMESPACE: namespace });
    const one = await review('show', [second.workflowId], { TEMPORAL_NAMESPACE: namespace });

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`2 order creations are known by "${quoteId}". Use the workflow id`);
    expect(stderr).toContain(`  ${first.workflowId}  FAILED  order ${first.orderId}`);
    expect(stderr).toContain(`  ${second.workflowId}  NEEDS_REVIEW  order ${second.orderId}`);
    expect(one.exitCode).toBe(0);
  });

  it('names the key that it lacks', async () => {
    const { orderId } = await orders.inReview();

    const { exitCode, stderr } = await review('show', [orderId], { ENCRYPTION_KEYS: newEncryptionKey('another') });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('encrypted with the key "test", which is not among the ENCRYPTION_KEYS');
    expect(stderr.split('\n')).toHaveLength(1);
  });
});

describe('a decision from the command line', () => {
  it('to retry lets the order go on, under the name of who decided', async () => {
    const { orderId, link, handle, sent } = await orders.inReview({ ridendine: [noAnswer, rejected, undefined] });

    const { exitCode, stdout, stderr } = await review('retry', [orderId, ...by]);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`Done: the order ${orderId} goes on, and RideNDine is asked once more.`);
    await expect(handle.result()).resolves.toMatchObject(link);
    expect(sent).toHaveLength(3);
    const { events } = await handle.fetchHistory();
    const accepted = events?.find(({ workflowExecutionUpdateAcceptedEventAttributes: update }) => update);
    const [payload] =
      accepted?.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.args?.payloads ?? [];
    const [plain] = (await testDataConverter.payloadCodecs?.[0]?.decode([payload ?? {}])) ?? [];
    expect(JSON.parse(Buffer.from(plain?.data ?? []).toString())).toEqual({
      decision: 'retry',
      actor: 'agent-7',
      reason: 'Ticket 1',
    });
    expect(Buffer.from(payload?.data ?? []).toString()).not.toContain('agent-7');
  });

  it('to link gives the order the ids that were found', async () => {
    const { request, orderId, handle } = await orders.inReview();
    const ids = { ridendine_order_id: 'rnd_found', payment_session_id: 'ps_found' };

    const { exitCode, stdout } = await review('link', [
      request.idempotency_key,
      `--ridendine-order-id=${ids.ridendine_order_id}`,
      `--payment-session-id=${ids.payment_session_id}`,
      ...by,
    ]);

    expect(exitCode).toBe(0);
    expect(stdout).toBe(`Done: the order ${orderId} is linked to the RideNDine order rnd_found.`);
    await expect(handle.result()).resolves.toMatchObject(ids);
  });

  it('to link takes ids that were pasted with a blank or a line break at their ends', async () => {
    const { orderId, handle } = await orders.inReview();
    const ids = { ridendine_order_id: `rnd_${randomUUID()}`, payment_session_id: `ps_${randomUUID()}` };

    const { exitCode, stdout } = await review('link', [
      `${orderId}\u00a0`,
      `--ridendine-order-id=${ids.ridendine_order_id} `,
      `--payment-session-id=\u200b${ids.payment_session_id}\n`,
      ...by,
    ]);

    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `Done: the order ${orderId} is linked to the RideNDine order ${ids.ridendine_order_id}.`,
    });
    await expect(handle.result()).resolves.toMatchObject(ids);
  });

  it('to abandon ends the order for good', async () => {
    const { orderId, handle, marks } = await orders.inReview();

    const { exitCode, stdout } = await review('abandon', [orderId, ...by]);

    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Done: the order ${orderId} is abandoned.`);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'OrderNeedsReview' } });
    expect(marks.at(-1)).toMatchObject({ status: 'FAILED' });
  });

  it('that cannot be carried out is refused with the reason, and the review goes on', async () => {
    const { orderId, handle } = await orders.inReview({
      override: {
        async markOrder() {
          return { kind: 'left' };
        },
      },
    });

    const { exitCode, stdout, stderr } = await review('abandon', [orderId, ...by]);

    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^The decision was refused: The order is missing in Directus, or has a status there/);
    await expect(stageOf(handle)).resolves.toBe('NEEDS_REVIEW');
  });

  it('that the run does not take is refused with its words', async () => {
    const { orderId, handle } = await orders.inReview({ override: { markOrder: directusIsDown } });
    await handle.startUpdate('resolveReview', {
      args: [{ decision: 'retry', actor: 'agent-8', reason: 'Ticket 2' }],
      waitForStage: 'ACCEPTED',
    });

    const { exitCode, stderr } = await review('abandon', [orderId, ...by]);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^The decision was refused: Another decision is being carried out\./);
  });

  it('that takes long is not waited for without end', async () => {
    const { orderId } = await orders.inReview({ override: { markOrder: directusIsDown } });

    await expect(decideHere(orderId, { acceptedWithinMs: 10_000, carriedOutWithinMs: 1000 })).rejects.toThrow(
      /^The decision was taken, and is not carried out yet, perhaps because Directus cannot be reached\./,
    );
  });

  it('that no worker takes is not waited for without end', async () => {
    const { orderId } = await orders.inReview();
    await worker.stop();
    cleanUps.push(() => worker.start());

    // Temporal remembers the worker for some minutes.
    await expect(decideHere(orderId, { acceptedWithinMs: 1000, carriedOutWithinMs: 1000 })).rejects.toThrow(
      /^No worker has taken the decision; one that comes back soon may still do so\./,
    );
  });

  it('is not sent where no worker runs', async () => {
    const namespace = await preparedNamespace();
    const { orderId } = await startUnattended(namespace, { stage: 'NEEDS_REVIEW' });

    const { exitCode, stderr } = await review('retry', [orderId, ...by], { TEMPORAL_NAMESPACE: namespace });

    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'No worker runs that could carry the decision out: start one, and decide again.',
    });
  });

  it('about an order that is not in review says so', async () => {
    const { orderId, handle } = await orders.start();
    await handle.result();

    const { exitCode, stderr } = await review('retry', [orderId, ...by]);

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`The order ${orderId} is not in review (LINKED): there is nothing to decide.`);
  });

  it('about an order that nobody knows says so', async () => {
    const { exitCode, stderr } = await review('abandon', [randomUUID(), ...by]);

    expect(exitCode).toBe(1);
    expect(stderr).toContain('Temporal knows no order creation by');
  });
});

describe('a call that is wrong', () => {
  it.each<[string, string[], string]>([
    ['no command', [], 'A command is missing'],
    ['an unknown command', ['resolve', 'o-1'], 'There is no command "resolve"'],
    ['an unknown option', ['retry', 'o-1', '--actr', 'me'], "'--actr'"],
    ['no id', ['show'], '"show" needs the id of an order'],
    ['nobody who decides', ['retry', 'o-1', '--reason', 'r'], '--actor is missing: it tells who decides.'],
    ['an empty reason', ['retry', 'o-1', '--actor', 'a', '--reason', ' '], '--reason is empty'],
    ['a link without ids', ['link', 'o-1', ...by], '--payment-session-id is missing'],
    ['ids that are not used', ['abandon', 'o-1', ...by, '--ridendine-order-id', 'r'], '--ridendine-order-id is given'],
    ['a reason without quotes', ['retry', 'o-1', '--actor', 'a', '--reason', 'Ticket', '1'], '"1" is too much'],
    ['a decision in a look', ['show', 'o-1', '--actor', 'a'], '"show" decides nothing'],
    ['an id to list', ['list', 'o-1'], '"list" takes no id'],
  ])('by %s is explained, and nothing is sent', async (_case, args, expected) => {
    // Nothing can be sent to this address.
    const { exitCode, stdout, stderr } = await runProgram('review', args, { TEMPORAL_ADDRESS: 'nowhere:1' });

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(expected);
    expect(stderr).toContain('npm run review -- --help');
  });

  it('is not one for help', async () => {
    const { exitCode, stdout } = await runProgram('review', ['--help'], {});

    expect(exitCode).toBe(0);
    expect(stdout).toContain('abandon <id>');
  });

  it('lacks settings: each is named', async () => {
    const { exitCode, stderr } = await runProgram('review', ['list'], { TEMPORAL_ADDRESS: 'nowhere' });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('TEMPORAL_ADDRESS: must be host:port');
    expect(stderr).toContain('ENCRYPTION_KEYS is not set.');
  });
});

describe('npm run review -- correct-link', () => {
  const right = { ridendine_order_id: 'rnd_right', payment_session_id: 'ps_right' };
  const ids = ['--ridendine-order-id', right.ridendine_order_id, '--payment-session-id', right.payment_session_id];

  it('starts a run that is found as the order is, with the memo by which callers are told from others', async () => {
    const order = await orders.linked({ override: { correctLink: () => Promise.reject(notLinked) } });
    const linking = await order.handle.describe();

    const { exitCode, stderr } = await review('correct-link', [order.orderId, ...ids, ...by]);

    expect(exitCode).toBe(1);
    expect(stderr).toContain('There is nothing to correct.');
    const correcting = await client.workflow.getHandle(order.handle.workflowId).describe();
    expect(correcting).toMatchObject({ type: 'linkCorrection', status: { name: 'FAILED' } });
    expect(correcting.memo).toEqual({ request_fingerprint: linking.memo?.['request_fingerprint'] });
    for (const key of Object.values(searchAttributes)) {
      expect([key.name, correcting.typedSearchAttributes.get(key)]).toEqual([
        key.name,
        linking.typedSearchAttributes.get(key),
      ]);
    }
  });

  it('may be tried again after a correction that was terminated or has failed, and finds the order by its new id then', async () => {
    let attempts = 0;
    const good = worker.newScenario();
    const order = await orders.linked({
      override: {
        async correctLink(correction) {
          attempts += 1;
          if (attempts === 1) throw notLinked;
          const corrected = await good.activities.correctLink(correction);
          return { ...corrected, result: { ...corrected.result, order_id: order.orderId } };
        },
      },
    });
    await (await startByHand(order)).terminate();
    const failed = await review('correct-link', [order.orderId, ...ids, ...by]);

    const corrected = await review('correct-link', [order.request.idempotency_key, ...ids, ...by]);

    expect(failed.exitCode).toBe(1);
    expect(corrected).toMatchObject({ exitCode: 0, stderr: '' });
    await pWaitFor(async () => (await review('show', ['rnd_right'])).stdout.includes(order.orderId), WAIT);
  });

  it('tells of the order what its own run says while a correction goes on', async () => {
    const order = await orders.linked();
    const correction = await startByHand(order);
    cleanUps.push(() => correction.terminate());

    const shown = await review('show', [order.request.idempotency_key]);
    const refused = await review('correct-link', [order.request.idempotency_key, ...ids, ...by]);

    expect(shown.stdout).toMatch(/^ {2}stage {12}LINKED$/m);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('Another run of the order');
  });

  it('takes the word of Directus by the key for an order that Temporal has forgotten', async () => {
    const scenario = worker.newScenario();
    const key = scenario.request.idempotency_key;

    const corrected = await review('correct-link', [key, ...ids, ...by]);
    const byQuote = await review('correct-link', ['quote-of-long-ago', ...ids, ...by]);

    expect(corrected).toMatchObject({ exitCode: 0, stderr: '' });
    const run = await client.workflow.getHandle(`order-creation-${key}`).describe();
    expect(Object.values(searchAttributes).map((each) => run.typedSearchAttributes.get(each))).toEqual([
      scenario.orderId,
      scenario.request.quote_id,
      scenario.request.customer_id,
      scenario.storeId,
      right.ridendine_order_id,
      'LINKED',
      undefined,
    ]);
    expect(run.memo).toEqual({ request_fingerprint: requestFingerprint(scenario.request) });
    expect(byQuote.exitCode).toBe(1);
    expect(byQuote.stderr).toContain('idempotency key');
  });

  it('says why the ids were refused', async () => {
    const good = worker.newScenario();
    const order = await orders.linked({
      override: {
        correctLink: async (correction) => ({
          ...(await good.activities.correctLink(correction)),
          refusal: 'Another order is already linked to this RideNDine order.',
        }),
      },
    });

    const refused = await review('correct-link', [order.orderId, ...ids, ...by]);

    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('Another order is already linked');
    expect(await client.workflow.getHandle(order.handle.workflowId).describe()).toMatchObject({
      status: { name: 'COMPLETED' },
    });
  });
});

function review(command: string, args: string[] = [], environment: Record<string, string> = {}) {
  return runProgram('review', [command, ...args], {
    TEMPORAL_ADDRESS: temporal.settings.address,
    ENCRYPTION_KEYS: testEncryptionKeys,
    ...environment,
  });
}

function startByHand({ handle }: StartedOrder) {
  const options = { workflowId: handle.workflowId, taskQueue: 'nobody-serves-it', args: [] };
  return client.workflow.start('linkCorrection', options);
}

async function stageOf(handle: WorkflowHandle): Promise<OrderCreationStage> {
  return (await handle.query<{ stage: OrderCreationStage }>('orderCreationState')).stage;
}

async function decideThere(handle: WorkflowHandle, decision: object): Promise<void> {
  await handle.executeUpdate('resolveReview', { args: [{ ...decision, actor: 'agent-8', reason: 'Ticket 2' }] });
}

function decideHere(orderId: string, patience: Patience): Promise<string> {
  return withTemporalAccess(
    temporal.settings,
    async (access) =>
      decide(
        access,
        await findRun(access, orderId),
        { decision: 'retry', actor: 'agent-7', reason: 'Ticket 1' },
        new Submission({ patience }),
      ),
    testDataConverter,
  );
}

async function directusIsDown(): Promise<never> {
  throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus answered 503.' });
}

/** Makes a namespace with the search attributes, and without workers. */
async function preparedNamespace(): Promise<string> {
  const namespace = await newNamespace(connection);
  const { exitCode, stderr } = await runProgram('temporal-apply', [], {
    TEMPORAL_ADDRESS: temporal.settings.address,
    TEMPORAL_NAMESPACE: namespace,
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return namespace;
}

/** Starts a run that looks as if it had reached this stage before its workers went away. */
async function startUnattended(
  namespace: string,
  { quoteId = randomUUID(), stage }: { quoteId?: string; stage: OrderCreationStage },
) {
  const [orderId, workflowId] = [randomUUID(), `order-creation-${randomUUID()}`];
  const there = new Client({ connection, namespace, dataConverter: testDataConverter });
  await there.workflow.start('orderCreation', {
    taskQueue: 'order-creation',
    workflowId,
    typedSearchAttributes: [
      { key: searchAttributes.orderId, value: orderId },
      { key: searchAttributes.quoteId, value: quoteId },
      { key: searchAttributes.stage, value: stage },
    ],
  });
  await pWaitFor(async () => (await there.workflow.count(`CoocoOrderId = '${orderId}'`)).count > 0);
  return { orderId, workflowId };
}
