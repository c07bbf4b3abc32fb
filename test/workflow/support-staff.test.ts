import { readFileSync } from 'node:fs';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { withExplainedFailures } from '../../src/activities/explained-failures.ts';
import type { OrderCreationInput, OrderCreationState } from '../../src/contract/runs.ts';
import { orderCreationStart } from '../../src/contract/runs.ts';
import { createEncryptionCodec } from '../../src/temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { failureMessage } from '../../src/temporal/failure-reason.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { createOrderWorker } from '../support/order-worker.ts';
import type { OrderWorker } from '../support/order-worker.ts';
import type { Scenario } from '../support/scripted-activities.ts';
import { testDataConverter, testEncryptionKeys } from '../support/test-encryption.ts';

const codec = createEncryptionCodec(parseEncryptionKeys(testEncryptionKeys));
const by = { actor: 'agent-7', reason: 'Ticket 1' };
const ids = { ridendine_order_id: 'rnd_found', payment_session_id: 'ps_found' };

const notReached = new PartnerError('RideNDineUnavailable', 'notSent', 'RideNDine cannot be reached.');
const noAnswer = new PartnerError('RideNDineUnavailable', 'maybeSent', 'RideNDine answered 503.', { status: 503 });
const rejected = new PartnerError('RideNDineRejected', 'rejected', 'RideNDine refused the order (422).', {
  status: 422,
});
const directusDown = ApplicationFailure.create({
  type: 'DirectusUnavailable',
  message: 'Directus cannot be reached.',
});
const mayHaveIt = { ridendine: [noAnswer, rejected, undefined] };

let temporal: EmbeddedTemporal;
let worker: OrderWorker;
let client: Client;
/** A client that encrypts nothing, like another program, or the Temporal UI without its codec server. */
let plainClient: Client;
beforeAll(async () => {
  temporal = await startEmbeddedTemporal();
  const connection = await Connection.connect({ address: temporal.settings.address });
  client = new Client({ connection, dataConverter: testDataConverter });
  plainClient = new Client({ connection });
  worker = await createOrderWorker(temporal.settings);
  await worker.start();
}, 360_000);
afterAll(async () => {
  await worker?.stop();
  await client?.connection.close();
  await temporal?.stop();
});

describe('what support staff read of a run', () => {
  it('names the step and the order in the summary of every activity', async () => {
    const scenario = worker.newScenario(mayHaveIt);
    const handle = await start(scenario);
    await inReview(handle);
    await handle.executeUpdate('resolveReview', { args: [{ decision: 'link', ...ids, ...by }] });
    await handle.result();

    const name = `order ${scenario.orderId.slice(0, 8)}…`;
    await expect(summariesOf(handle)).resolves.toEqual([
      'Check the checkout',
      `Create the Directus record of ${name}`,
      `Create RideNDine order for ${name}`,
      `Write NEEDS_REVIEW on ${name}`,
      `Write NEEDS_REVIEW on ${name}`,
      `Save the RideNDine ids on ${name}`,
      `Write PENDING_PAYMENT on ${name}`,
      `Save the RideNDine ids on ${name}`,
    ]);
  });

  it('says how it stands in its current details, while it waits and after its end', async () => {
    const scenario = worker.newScenario(mayHaveIt);
    const handle = await start(scenario);
    await inReview(handle);

    const waiting = await currentDetailsOf(handle);
    await handle.executeUpdate('resolveReview', { args: [{ decision: 'retry', ...by }] });
    await handle.result();

    expect(waiting).toContain('### Your decision is needed');
    expect(waiting).toContain('RideNDine refused the order (422). (`RideNDineRejected`)');
    const ended = await currentDetailsOf(handle);
    expect(ended).toContain('### Done: the order is linked');
    expect(waiting).toMatch(
      /\| Ask RideNDine to create it \| [-\d: ]+ \| [^|]+ \| 1 \| RideNDine refused the order \(422\)\. \|/,
    );
    // RideNDine was asked twice, with a decision in between.
    expect(ended?.match(/^\| .* \|$/gm)?.map((row) => row.split('|').at(-2)?.trim())).toEqual([
      'Result',
      '---',
      'The checkout follows the rules.',
      'Directus has the order.',
      'RideNDine refused the order (422).',
      'RideNDine has the order.',
      'The ids are saved.',
    ]);
  });

  it('tells of a step that is tried again why, when, and what to do, whatever the partner has written', async () => {
    const partnerText = '€"\\'.repeat(300);
    const scenario = worker.newScenario();
    scenario.activities.createRideNDineOrder = withExplainedFailures(async () => {
      throw ApplicationFailure.create({
        type: 'RideNDineUnavailable',
        message: 'RideNDine answered 503.',
        details: [{ outcome: 'maybeSent', maybe_sent: true, status: 503, partner_text: partnerText.slice(0, 500) }],
        nextRetryDelay: '10 min',
      });
    });
    const handle = await start(scenario);

    const failure = await pendingFailureOf(handle);
    await handle.terminate();

    const text = await failureMessage(failure, codec);
    expect(text.split('\n\n')).toEqual([
      'RideNDine answered 503.',
      expect.stringMatching(
        /^It is tried again by itself in 10 minutes, .* until \d{4}-\d\d-\d\d \d\d:\d\d UTC at the latest\.$/,
      ),
      expect.stringMatching(/^What you can do: .*call RideNDine/),
      'Technical: RideNDineUnavailable, createRideNDineOrder, attempt 1, HTTP 503',
    ]);
    // Temporal drops the details of a failure that is too long. These must still be there.
    const [details] = await codec.decode(failure.applicationFailureInfo?.details?.payloads ?? []);
    expect(defaultPayloadConverter.fromPayload(details as Payload)).toMatchObject({
      partner_text: partnerText.slice(0, 500),
    });
  });

  it('tells of a run that has failed what to do about it', async () => {
    const scenario = worker.newScenario({ ridendine: [rejected] });
    const handle = await start(scenario);

    const error = await handle.result().catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      cause: {
        type: 'RideNDineRejected',
        message: expect.stringMatching(
          /^RideNDine refused the order \(422\)\.\n\nWhat you can do: Nothing was ordered/,
        ),
      },
    });
    expect(scenario.marks).toMatchObject([{ failure_reason: 'RideNDine refused the order (422).' }]);
  });
});

describe('the queries of the runbook', () => {
  const chapter = /^## Find an order$(.*?)^## /ms.exec(readRunbook())?.[1] ?? '';
  const inTable = [...chapter.matchAll(/\| `([^`]+)` +\|/g)].map(([, query = '']) => query);
  const inLinks = [...chapter.matchAll(/\?query=([^&]+)&/g)].map(([, query = '']) => decodeURIComponent(query));
  const byId = inTable.filter((query) => query.includes('ID"'));
  let scenario: Scenario;
  let handle: WorkflowHandle;
  beforeAll(async () => {
    scenario = worker.newScenario();
    handle = await start(scenario);
    await handle.result();
  });

  it.each([...inTable, ...inLinks])('are understood by the server: %s', async (query) => {
    await expect(find(query)).resolves.toBeInstanceOf(Array);
  });

  it.each(byId)('find the order: %s', async (query) => {
    const { request, link, orderId, storeId } = scenario;
    const known = new Map([
      ['CoocoOrderId', orderId],
      ['CoocoQuoteId', request.quote_id],
      ['CoocoCustomerId', request.customer_id],
      ['CoocoStoreId', storeId],
      ['RideNDineOrderId', link.ridendine_order_id],
    ]);
    const [name = ''] = query.split(' ');
    const asked =
      name === 'WorkflowId'
        ? query.replace('ID"', `${request.idempotency_key}"`)
        : query.replaceAll('"ID"', `"${known.get(name)}"`);

    // The server's list shows a workflow only after a moment.
    await pWaitFor(async () => (await find(asked)).length > 0, { interval: 100, timeout: 60_000 });

    await expect(find(asked)).resolves.toEqual([handle.workflowId]);
  });

  it('are those that support staff need', () => {
    expect(byId).toHaveLength(4);
    expect(inLinks).toHaveLength(4);
  });
});

async function find(query: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) found.push(workflowId);
  return found;
}

function readRunbook(): string {
  return readFileSync(new URL('../../docs/support-runbook.md', import.meta.url), 'utf8');
}

describe('what support staff decide', () => {
  it.each([
    ['retry', { decision: 'retry' }],
    ['link', { decision: 'link', ...ids }],
    ['abandon', { decision: 'abandon' }],
  ])('goes onto the order with who and why: %s', async (action, decision) => {
    const scenario = worker.newScenario(mayHaveIt);
    const handle = await start(scenario);
    await inReview(handle);

    await handle.executeUpdate('resolveReview', { args: [{ ...decision, ...by }], updateId: 'update-1' });
    await handle.result().catch(() => {});

    const recorded = scenario.marks.flatMap(({ support_action }) => support_action ?? []);
    expect(recorded).toEqual([{ id: 'update-1', at: expect.stringMatching(/^\d{4}-.*Z$/), action, ...by }]);
  });

  it('is carried out and kept without the blanks at the ends of what was pasted', async () => {
    const scenario = worker.newScenario(mayHaveIt);
    const handle = await start(scenario);
    await inReview(handle);

    const pasted = {
      decision: 'link',
      ridendine_order_id: `${ids.ridendine_order_id} `,
      payment_session_id: `\u00a0${ids.payment_session_id}\n`,
      actor: `${by.actor}\u200b`,
      reason: ` ${by.reason}\r\n`,
    };
    await handle.executeUpdate('resolveReview', { args: [pasted] });

    await expect(handle.result()).resolves.toMatchObject(ids);
    expect(scenario.marks.flatMap(({ support_action }) => support_action ?? [])).toMatchObject([by]);
  });

  it('may come unencrypted', async () => {
    const scenario = worker.newScenario(mayHaveIt);
    const handle = await start(scenario);
    await inReview(handle);

    await plainClient.workflow
      .getHandle(handle.workflowId)
      .startUpdate('resolveReview', { args: [{ decision: 'link', ...ids, ...by }], waitForStage: 'ACCEPTED' });

    await expect(handle.result()).resolves.toMatchObject(ids);
  });

  it('is refused in clear: the Temporal UI does not decode what it answers', async () => {
    const scenario = worker.newScenario(mayHaveIt);
    const handle = await start(scenario);
    await inReview(handle);

    const refusal = await plainClient.workflow
      .getHandle(handle.workflowId)
      .executeUpdate('resolveReview', { args: [{ decision: 'retry', actor: 'agent-7' }] })
      .catch((error: unknown) => error);
    await handle.terminate();

    expect(refusal).toMatchObject({ cause: { type: 'DecisionRefused', message: expect.stringContaining('reason') } });
  });
});

describe('the update cancelOrder', () => {
  it('cancels an order that is being written, and records who wanted it and why', async () => {
    const directus = heldDirectus();
    const scenario = worker.newScenario();
    scenario.activities.createOrderRecord = directus.createOrderRecord;
    const handle = await start(scenario);
    await directus.isAskedAgain;

    const asked = handle.executeUpdate('cancelOrder', { args: [by], updateId: 'update-1' });
    await cancelRequested(handle);
    directus.failWith(directusDown);
    await asked;

    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await expect(handle.describe()).resolves.toMatchObject({ status: { name: 'CANCELLED' } });
    expect(scenario.marks).toMatchObject([
      { status: 'CANCELLED', support_action: { id: 'update-1', action: 'cancel', ...by } },
    ]);
    expect(scenario.sent).toEqual([]);
  });

  it('is recorded without the blanks at the ends of what was pasted', async () => {
    const directus = heldDirectus();
    const scenario = worker.newScenario();
    scenario.activities.createOrderRecord = directus.createOrderRecord;
    const handle = await start(scenario);
    await directus.isAskedAgain;

    const pasted = { actor: `\u00a0${by.actor}\n`, reason: `${by.reason}\u200b ` };
    const asked = handle.executeUpdate('cancelOrder', { args: [pasted] });
    await cancelRequested(handle);
    directus.failWith(directusDown);
    await asked;

    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(scenario.marks).toMatchObject([{ status: 'CANCELLED', support_action: { action: 'cancel', ...by } }]);
  });

  it('cancels an order that is being written for the first time', async () => {
    const failing = Promise.withResolvers<never>();
    const scenario = worker.newScenario();
    scenario.activities.createOrderRecord = async () => await failing.promise;
    const handle = await start(scenario);
    await inStage(handle, 'CREATING_RECORD');

    // Temporal delivers the update at a heartbeat of the workflow task, or once the local attempt is over.
    const asked = await handle.startUpdate('cancelOrder', { args: [by], waitForStage: 'ACCEPTED' });
    failing.reject(directusDown);

    await expect(asked.result()).resolves.toBe('The order is cancelled.');
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(scenario.marks).toMatchObject([{ status: 'CANCELLED', support_action: { action: 'cancel', ...by } }]);
    expect(scenario.sent).toEqual([]);
  });

  it('cancels before an order is known, and has Directus say under the key who wanted it and why', async () => {
    const scenario = worker.newScenario();
    scenario.activities.validateCheckout = async () => {
      throw directusDown;
    };
    const handle = await start(scenario);

    await handle.executeUpdate('cancelOrder', { args: [by] });

    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(scenario.cancelled).toMatchObject([{ action: 'cancel', ...by }]);
  });

  it('cancels one that is given up, while Directus cannot be told', async () => {
    const directusIsBack = Promise.withResolvers<void>();
    const scenario = worker.newScenario();
    const usual = { ...scenario.activities };
    scenario.activities.createOrderRecord = async () => {
      throw ApplicationFailure.nonRetryable('Directus refuses it.', 'DirectusRejected');
    };
    scenario.activities.markOrder = async (mark) => {
      await directusIsBack.promise;
      return await usual.markOrder(mark);
    };
    const handle = await start(scenario);
    await detailsSay(handle, 'could not be written');

    const cancelling = handle.executeUpdate('cancelOrder', { args: [by] });
    await detailsSay(handle, 'it is being cancelled');
    directusIsBack.resolve();
    await cancelling;

    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(scenario.marks).toMatchObject([
      { status: 'FAILED', failure_code: 'DirectusRejected' },
      { status: 'CANCELLED', support_action: { action: 'cancel', ...by } },
    ]);
  });

  it('says so if the order creation ends by itself at that moment', async () => {
    const directus = heldDirectus();
    const scenario = worker.newScenario();
    scenario.activities.createOrderRecord = directus.createOrderRecord;
    const handle = await start(scenario);
    await directus.isAskedAgain;

    const asked = handle.executeUpdate('cancelOrder', { args: [by] }).catch((error: unknown) => error);
    await cancelRequested(handle);
    directus.failWith(
      ApplicationFailure.nonRetryable('The idempotency key belongs to another checkout.', 'IdempotencyKeyReused'),
    );

    await expect(asked).resolves.toMatchObject({ cause: { message: expect.stringContaining('ended by itself') } });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'IdempotencyKeyReused' } });
  });

  it('stops an order that RideNDine surely does not have: it is cancelled, and RideNDine is not asked again', async () => {
    const scenario = worker.newScenario({ ridendine: [notReached] });
    const handle = await start(scenario);
    await pWaitFor(() => scenario.sent.length > 1, { interval: 20, timeout: 20_000 });

    const answer = await handle.executeUpdate('cancelOrder', { args: [by] });

    expect(answer).toBe('The order is cancelled.');
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(scenario.marks).toMatchObject([{ status: 'CANCELLED', support_action: { action: 'cancel', ...by } }]);
  });

  it('stops an order that RideNDine may have: it comes to review at once, and says who asked and why', async () => {
    const scenario = worker.newScenario({ ridendine: [notReached, noAnswer] });
    const handle = await start(scenario);
    await pWaitFor(() => scenario.sent.length > 1, { interval: 20, timeout: 20_000 });

    const answer = await handle.executeUpdate<string, [object]>('cancelOrder', { args: [by] });
    await inReview(handle);
    const sent = scenario.sent.length;
    const details = await currentDetailsOf(handle);
    await handle.executeUpdate('resolveReview', { args: [{ decision: 'link', ...ids, ...by }] });
    await handle.result();

    expect(answer).toContain('in review');
    expect(details).toContain('`agent-7` asked to cancel the order: `Ticket 1`');
    expect(details).toContain('asked to cancel the order. RideNDine may have it');
    expect(scenario.sent).toHaveLength(sent);
    expect(scenario.marks[0]).toMatchObject({ status: 'NEEDS_REVIEW', support_action: { action: 'cancel', ...by } });
  });

  it('answers only once Directus says that the order is in review, and who asked', async () => {
    const marking = Promise.withResolvers<void>();
    const marked = Promise.withResolvers<void>();
    const scenario = worker.newScenario({ ridendine: [noAnswer] });
    const usual = { ...scenario.activities };
    scenario.activities.markOrder = async (mark) => {
      marking.resolve();
      await marked.promise;
      return await usual.markOrder(mark);
    };
    const handle = await start(scenario);
    await pWaitFor(() => scenario.sent.length > 0, { interval: 20, timeout: 20_000 });

    let isAnswered = false;
    const asked = handle.executeUpdate<string, [object]>('cancelOrder', { args: [by] }).then((answer) => {
      isAnswered = true;
      return answer;
    });
    await marking.promise;
    await inReview(handle);
    const wasAnswered = isAnswered;
    marked.resolve();

    await expect(asked).resolves.toContain('in review');
    expect(wasAnswered).toBe(false);
    expect(scenario.marks).toMatchObject([{ status: 'NEEDS_REVIEW', support_action: { action: 'cancel', ...by } }]);
    await handle.terminate();
  });

  it('stops an order again after a decision to ask RideNDine once more', async () => {
    const scenario = worker.newScenario({ ridendine: [noAnswer] });
    const handle = await start(scenario);
    await pWaitFor(() => scenario.sent.length > 0, { interval: 20, timeout: 20_000 });
    await handle.executeUpdate('cancelOrder', { args: [by] });
    await inReview(handle);
    const before = scenario.sent.length;
    await handle.executeUpdate('resolveReview', { args: [{ decision: 'retry', ...by }] });
    await pWaitFor(() => scenario.sent.length > before, { interval: 20, timeout: 20_000 });
    const details = await currentDetailsOf(handle);

    await handle.executeUpdate('cancelOrder', { args: [by] });
    await inReview(handle);
    await handle.executeUpdate('resolveReview', { args: [{ decision: 'abandon', ...by }] });

    expect(details).toContain('To stop the order');
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'OrderNeedsReview' } });
  });

  it('stops an order whose step an operator has paused', async () => {
    const scenario = worker.newScenario({ ridendine: [notReached] });
    const handle = await start(scenario);
    await pWaitFor(() => scenario.sent.length > 0, { interval: 20, timeout: 60_000 });
    const { pendingActivities } = (await handle.describe()).raw;
    await client.workflowService.pauseActivity({
      namespace: 'default',
      execution: { workflowId: handle.workflowId },
      id: pendingActivities?.[0]?.activityId ?? '',
      identity: 'operator',
    });

    await expect(handle.executeUpdate('cancelOrder', { args: [by] })).resolves.toBe('The order is cancelled.');
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  });

  it.each([{}, { resetHeartbeat: true }, { keepPaused: true }])(
    'brings an order to review whose step an operator has reset after an attempt that left no word: %j',
    async (reset) => {
      const scenario = worker.newScenario();
      scenario.activities.createRideNDineOrder = async () => {
        throw ApplicationFailure.create({ type: 'UnexpectedError', message: 'No word.', nextRetryDelay: '1 h' });
      };
      const handle = await start(scenario);
      const pending = async () => (await handle.describe()).raw.pendingActivities?.[0];
      await pWaitFor(async () => (await pending())?.lastFailure != null, { interval: 50, timeout: 60_000 });
      const step = { namespace: 'default', execution: { workflowId: handle.workflowId }, identity: 'operator' };
      const id = (await pending())?.activityId ?? '';
      await client.workflowService.pauseActivity({ ...step, id });
      await client.workflowService.resetActivity({ ...step, id, keepPaused: true, ...reset });

      const answer = await handle.executeUpdate<string, [object]>('cancelOrder', { args: [by] });
      await inReview(handle);
      await handle.terminate();

      expect(answer).toContain('in review');
      expect(scenario.marks).toMatchObject([{ status: 'NEEDS_REVIEW' }]);
    },
  );

  it('lets a call that is under way bring its answer, which then counts', async () => {
    const answered = Promise.withResolvers<void>();
    const scenario = worker.newScenario();
    const usual = { ...scenario.activities };
    scenario.activities.createRideNDineOrder = async (order) => {
      const link = await usual.createRideNDineOrder(order);
      await answered.promise;
      return link;
    };
    const handle = await start(scenario);
    await pWaitFor(() => scenario.sent.length > 0, { interval: 20, timeout: 20_000 });

    const asked = handle.executeUpdate('cancelOrder', { args: [by] }).catch((error: unknown) => error);
    await detailsSay(handle, 'it is being stopped');
    answered.resolve();

    await expect(handle.result()).resolves.toMatchObject(scenario.link);
    await expect(asked).resolves.toMatchObject({
      cause: { type: 'DecisionRefused', message: expect.stringContaining('RideNDine has created the order') },
    });
    expect(scenario.marks).toEqual([]);
  });

  it('waits for a call that is under way to fail, and goes by what it came to', async () => {
    const begun = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const scenario = worker.newScenario({ ridendine: [notReached] });
    const usual = { ...scenario.activities };
    scenario.activities.createRideNDineOrder = async (order) => {
      begun.resolve();
      await answered.promise;
      return await usual.createRideNDineOrder(order);
    };
    const handle = await start(scenario);
    await begun.promise;

    const asked = handle.executeUpdate('cancelOrder', { args: [by] });
    await detailsSay(handle, 'it is being stopped');
    answered.resolve();

    await expect(asked).resolves.toBe('The order is cancelled.');
    expect(scenario.sent).toHaveLength(1);
  });

  it('stands in the reason of the review to which a call that was under way has led', async () => {
    const begun = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const scenario = worker.newScenario();
    scenario.activities.createRideNDineOrder = async () => {
      begun.resolve();
      await answered.promise;
      const details = { outcome: 'rejected', maybe_sent: true };
      throw ApplicationFailure.nonRetryable('RideNDine refused the order (422).', 'RideNDineRejected', details);
    };
    const handle = await start(scenario);
    await begun.promise;

    const asked = handle.executeUpdate('cancelOrder', { args: [by] });
    await detailsSay(handle, 'it is being stopped');
    answered.resolve();
    await asked;
    await inReview(handle);
    await pWaitFor(() => scenario.marks.length > 0, { interval: 20, timeout: 60_000 });
    await handle.terminate();

    expect(scenario.marks).toMatchObject([
      {
        failure_code: 'RideNDineRejected',
        failure_reason: 'Somebody asked to cancel the order. RideNDine refused the order (422).',
        support_action: { action: 'cancel', ...by },
      },
    ]);
  });

  it.each([
    ['encrypted with a key that is gone', { encoding: 'binary/encrypted', 'encryption-key-id': 'gone' }],
    ['of another program', { encoding: 'of/another-program' }],
  ])('brings an order to review of whose attempts the word cannot be read: %s', async (_what, metadata) => {
    const word = {
      metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value)])),
      data: Buffer.from('{"maybe_sent":false}'),
    };
    const scenario = worker.newScenario();
    scenario.activities.createRideNDineOrder = async () => {
      const { activityId, workflowExecution } = activityInfo();
      await client.workflowService.recordActivityTaskHeartbeatById({
        namespace: 'default',
        ...workflowExecution,
        activityId,
        details: { payloads: [word] },
      });
      throw ApplicationFailure.create({ type: 'UnexpectedError', message: 'No word.', nextRetryDelay: '1 h' });
    };
    const handle = await start(scenario);
    const pending = async () => (await handle.describe()).raw.pendingActivities?.[0];
    await pWaitFor(async () => (await pending())?.lastFailure != null, { interval: 50, timeout: 60_000 });
    expect((await pending())?.heartbeatDetails?.payloads).toHaveLength(1);

    const answer = await handle.executeUpdate<string, [object]>('cancelOrder', { args: [by] });
    await inReview(handle);
    await handle.terminate();

    expect(answer).toContain('in review');
    expect(scenario.marks).toMatchObject([{ status: 'NEEDS_REVIEW' }]);
  });

  it('is refused in review, in favour of a decision', async () => {
    const scenario = worker.newScenario(mayHaveIt);
    const handle = await start(scenario);
    await inReview(handle);

    const refusal = await handle.executeUpdate('cancelOrder', { args: [by] }).catch((error: unknown) => error);
    await handle.terminate();

    expect(refusal).toMatchObject({
      cause: { type: 'DecisionRefused', message: expect.stringContaining('resolveReview') },
    });
  });

  it.each(['left', 'missing'] as const)(
    'has Directus say so under the key where the order could not be marked: %s',
    async (kind) => {
      const directus = heldDirectus();
      const scenario = worker.newScenario();
      scenario.activities.createOrderRecord = directus.createOrderRecord;
      scenario.activities.markOrder = async () => ({ kind });
      const handle = await start(scenario);
      await directus.isAskedAgain;

      const asked = handle.executeUpdate('cancelOrder', { args: [by] });
      await cancelRequested(handle);
      directus.failWith(directusDown);

      await expect(asked).resolves.toBe('The order is cancelled.');
      expect(scenario.cancelled).toMatchObject([{ action: 'cancel', ...by }]);
    },
  );

  it('brings an order to review that another run may have sent after a reset', async () => {
    const scenario = worker.newScenario({ ridendine: [notReached] });
    const usual = { ...scenario.activities };
    scenario.activities.markOrder = async (mark) => {
      await usual.markOrder(mark);
      return mark.status === 'CANCELLED' ? { kind: 'left' } : { kind: 'marked', link: null };
    };
    scenario.activities.cancelCheckout = async () => {
      const found = { request_fingerprint: 'fingerprint', run_id: 'run-of-the-reset', order_id: scenario.orderId };
      return { ...found, kind: 'unfinished', store_id: null };
    };
    const handle = await start(scenario);
    await pWaitFor(() => scenario.sent.length > 0, { interval: 20, timeout: 60_000 });

    const answer = await handle.executeUpdate<string, [object]>('cancelOrder', { args: [by] });
    await inReview(handle);
    await handle.terminate();

    expect(answer).toContain('in review');
    expect(scenario.marks.at(-1)).toMatchObject({
      status: 'NEEDS_REVIEW',
      support_action: { action: 'cancel', ...by },
    });
  });

  it('is refused where the order turns out to be in the hands of somebody else, which goes on', async () => {
    const directus = heldDirectus();
    const scenario = worker.newScenario();
    scenario.activities.createOrderRecord = directus.createOrderRecord;
    scenario.activities.markOrder = async () => ({ kind: 'left' });
    scenario.activities.cancelCheckout = async () => {
      const result = { order_id: scenario.orderId, ...ids, status: 'PENDING_PAYMENT', payment_status: 'PENDING' };
      return { kind: 'linked', request_fingerprint: 'fingerprint', result };
    };
    const handle = await start(scenario);
    await directus.isAskedAgain;

    const asked = handle.executeUpdate('cancelOrder', { args: [by] }).catch((error: unknown) => error);
    await cancelRequested(handle);
    const details = await currentDetailsOf(handle);
    directus.failWith(directusDown);

    expect(details).toContain('it is being cancelled');
    await expect(asked).resolves.toMatchObject({ cause: { message: expect.stringContaining('ended by itself') } });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'OrderNeedsReview' } });
  });

  it('is refused where Temporal has been asked before, which took no name', async () => {
    const directus = heldDirectus();
    const scenario = worker.newScenario();
    scenario.activities.createOrderRecord = directus.createOrderRecord;
    const handle = await start(scenario);
    await directus.isAskedAgain;
    await handle.cancel();
    await cancelRequested(handle);

    const refusal = await handle.executeUpdate('cancelOrder', { args: [by] }).catch((error: unknown) => error);
    directus.failWith(directusDown);

    expect(refusal).toMatchObject({ cause: { message: 'The order is being cancelled already.' } });
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  });

  it('records that Temporal itself was asked where nobody gave a name', async () => {
    const scenario = worker.newScenario({ ridendine: [notReached] });
    const handle = await start(scenario);
    await pWaitFor(() => scenario.sent.length > 0, { interval: 20, timeout: 20_000 });

    await handle.cancel();

    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(scenario.marks).toMatchObject([
      { status: 'CANCELLED', support_action: { action: 'cancel', actor: 'Request Cancellation in Temporal' } },
    ]);
  });

  it('leaves an order in review where Temporal itself is asked, and the details say so', async () => {
    const scenario = worker.newScenario(mayHaveIt);
    const handle = await start(scenario);
    await inReview(handle);

    await handle.cancel();
    await detailsSay(handle, '*Request Cancellation* was pressed, and changes nothing');
    await handle.executeUpdate('resolveReview', { args: [{ decision: 'retry', ...by }] });

    await expect(handle.result()).resolves.toMatchObject(scenario.link);
  });

  it('is refused without a name and a reason', async () => {
    const scenario = worker.newScenario(mayHaveIt);
    const directus = heldDirectus();
    scenario.activities.createOrderRecord = directus.createOrderRecord;
    const handle = await start(scenario);
    await directus.isAskedAgain;

    const refusals = [{}, { actor: 'agent-7' }, { actor: ' ', reason: 'Ticket 1' }, undefined].map((request) =>
      handle.executeUpdate('cancelOrder', { args: [request] }).catch((error: unknown) => error),
    );

    for (const refusal of refusals)
      await expect(refusal).resolves.toMatchObject({ cause: { type: 'DecisionRefused' } });
    await handle.terminate();
    directus.failWith(directusDown);
  });
});

async function start({ request }: Scenario, input: OrderCreationInput = request): Promise<WorkflowHandle> {
  return await client.workflow.start('orderCreation', {
    ...orderCreationStart(input, {
      fingerprint: 'fingerprint',
      quoteId: request.quote_id,
      customerId: request.customer_id,
    }),
  });
}

/** A Directus that fails the first attempt. The second attempt hangs until `failWith` says how it fails. */
function heldDirectus() {
  const failing = Promise.withResolvers<never>();
  const askedAgain = Promise.withResolvers<void>();
  let attempts = 0;
  return {
    failWith: (error: Error) => failing.reject(error),
    isAskedAgain: askedAgain.promise,
    createOrderRecord: async (): Promise<never> => {
      attempts += 1;
      // The first attempt is a local activity: until it is over, the run may receive nothing.
      if (attempts === 1) throw directusDown;
      askedAgain.resolve();
      return await failing.promise;
    },
  };
}

async function inStage(handle: WorkflowHandle, stage: OrderCreationState['stage']): Promise<void> {
  await pWaitFor(async () => (await handle.query<OrderCreationState>('orderCreationState')).stage === stage, {
    interval: 50,
    timeout: 60_000,
  });
}

function inReview(handle: WorkflowHandle): Promise<void> {
  return inStage(handle, 'NEEDS_REVIEW');
}

async function cancelRequested(handle: WorkflowHandle): Promise<void> {
  await pWaitFor(
    async () =>
      (await handle.fetchHistory()).events?.some((event) => event.activityTaskCancelRequestedEventAttributes) === true,
    { interval: 50, timeout: 60_000 },
  );
}

async function detailsSay(handle: WorkflowHandle, text: string): Promise<void> {
  await pWaitFor(async () => (await currentDetailsOf(handle))?.includes(text) === true, {
    interval: 50,
    timeout: 60_000,
  });
}

async function currentDetailsOf(handle: WorkflowHandle): Promise<string | undefined> {
  return (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails;
}

async function summariesOf(handle: WorkflowHandle): Promise<unknown[]> {
  const { events } = await handle.fetchHistory();
  const summaries = (events ?? [])
    .filter(
      ({ activityTaskScheduledEventAttributes: activity, markerRecordedEventAttributes: marker }) =>
        activity || marker?.markerName === 'core_local_activity',
    )
    .map((event) => event.userMetadata?.summary as Payload);
  const decoded = await codec.decode(summaries);
  return decoded.map((summary) => defaultPayloadConverter.fromPayload(summary));
}

async function pendingFailureOf(handle: WorkflowHandle) {
  const failure = async () => {
    const { pendingActivities } = await client.workflowService.describeWorkflowExecution({
      namespace: 'default',
      execution: { workflowId: handle.workflowId },
    });
    return pendingActivities[0]?.lastFailure;
  };
  return await pWaitFor(
    async () => {
      const found = await failure();
      return found ? pWaitFor.resolveWith(found) : false;
    },
    { interval: 50, timeout: 60_000 },
  );
}
