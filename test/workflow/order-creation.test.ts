import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { activityInfo, Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { currentRunId } from '../../src/activities/current-run.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import type { OrderCreationStage, OrderCreationState } from '../../src/contract/runs.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import { createScenario } from '../support/scripted-activities.ts';
import type { Scenario, ScenarioOptions } from '../support/scripted-activities.ts';
import { startTimeSkippingTemporal } from '../support/time-skipping-temporal.ts';
import type { TimeSkippingTemporal } from '../support/time-skipping-temporal.ts';

const MINUTE_MS = 60_000;

let temporal: TimeSkippingTemporal;
beforeAll(async () => {
  temporal = await startTimeSkippingTemporal();
}, 360_000);
afterAll(() => temporal.stop());

const notReached = new PartnerError('RideNDineUnavailable', 'notSent', 'RideNDine cannot be reached.');
const noAnswer = new PartnerError('RideNDineUnavailable', 'maybeSent', 'RideNDine answered 503.', { status: 503 });
const rejected = new PartnerError('RideNDineRejected', 'rejected', 'RideNDine refused the order (422).', {
  status: 422,
});

describe('orderCreation', () => {
  it('runs the four steps in their order and completes with the ids of both orders', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request });

    const result = await temporal.run(scenario, (handle) => handle.result());

    expect(result).toEqual({
      order_id: scenario.orderId,
      ...scenario.link,
      status: 'PENDING_PAYMENT',
      payment_status: 'PENDING',
    });
    expect(scenario.calls).toEqual(['validateCheckout', 'createOrderRecord', 'createRideNDineOrder', 'saveLinkIds']);
    expect(scenario.marks).toEqual([]);
  });

  it('tells its stage and ids by search attributes and by a query, also after its end', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request });

    const { state, attributes } = await temporal.run(scenario, async (handle) => {
      await handle.result();
      const { searchAttributes } = await handle.describe();
      return { state: await handle.query('orderCreationState'), attributes: searchAttributes };
    });

    expect(state).toEqual({ stage: 'LINKED', order_id: scenario.orderId, ...scenario.link });
    expect(attributes).toMatchObject({
      OrderCreationStage: ['LINKED'],
      CoocoOrderId: [scenario.orderId],
      CoocoQuoteId: [request.quote_id],
      CoocoCustomerId: [request.customer_id],
      RideNDineOrderId: [scenario.link.ridendine_order_id],
    });
  });

  it('writes nothing for a checkout that breaks a rule', async () => {
    const request = pickup();
    const problem = { code: 'QuoteExpired', field: 'quote_id', detail: 'The quote has expired.' };
    const scenario = await scenarioOf({
      request,
      override: {
        async validateCheckout() {
          throw ApplicationFailure.nonRetryable('The quote has expired.', 'QuoteExpired', { problems: [problem] });
        },
      },
    });

    const failure = await temporal.run(scenario, (handle) => failureOf(handle.result()));

    expect(failure).toMatchObject({ type: 'QuoteExpired', details: [{ problems: [problem] }] });
    expect(scenario.calls).toEqual(['validateCheckout']);
  });

  it('answers with the ids of an order that an earlier run linked, and calls nobody', async () => {
    const request = pickup();
    const linked = { order_id: randomUUID(), ridendine_order_id: 'rnd_1', payment_session_id: 'ps_1' };
    const result = { ...linked, status: 'PAID', payment_status: 'PAID' };
    const scenario = await scenarioOf({
      request,
      override: {
        async validateCheckout() {
          return { kind: 'linked', request_fingerprint: 'fingerprint', result };
        },
      },
    });

    await expect(temporal.run(scenario, (handle) => handle.result())).resolves.toEqual({ ...result, replayed: true });
    expect(scenario.calls).toEqual(['validateCheckout']);
  });
});

describe('a run that somebody starts by hand', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', '{"idempotency_key":"…"}'],
    ['the key alone', { idempotency_key: randomUUID() }],
    ['a quote that is no text', { quote_id: 7, customer_id: {} }],
    ['a quote longer than anybody searches for', { quote_id: 'q'.repeat(300) }],
  ])('with %s is judged by its first step, and closes', async (_what, input) => {
    const request = pickup();
    const scenario = await scenarioOf({
      request,
      override: {
        async validateCheckout() {
          throw ApplicationFailure.nonRetryable('Unusable.', 'CheckoutInvalid');
        },
      },
    });

    const failure = await temporal.run({ ...scenario, input: input as CheckoutRequest }, (handle) =>
      failureOf(handle.result()),
    );

    expect(failure).toMatchObject({ type: 'CheckoutInvalid' });
  });
});

describe('an order that an earlier run left half-way', () => {
  it('is never marked as failed because it could not be continued: RideNDine may have it', async () => {
    const request = pickup();
    const { activities } = await scenarioOf({ request });
    const scenario = await scenarioOf({
      request,
      override: {
        async validateCheckout(input) {
          const standing = await activities.validateCheckout(input);
          if (standing.kind === 'linked') throw new Error('The scenario begins with a new checkout.');
          const { run_id, order_id, request_fingerprint } = standing;
          return { kind: 'unfinished', run_id, order_id, request_fingerprint, store_id: null };
        },
        async createOrderRecord() {
          throw ApplicationFailure.nonRetryable('Directus refused the request (400).', 'DirectusRejected');
        },
      },
    });

    const failure = await temporal.run(scenario, (handle) => failureOf(handle.result()));

    expect(failure).toMatchObject({ type: 'DirectusRejected' });
    expect(scenario.marks).toEqual([]);
  });
});

describe('RideNDine in trouble', () => {
  it('that answers 503 for six hours is asked again with the same bytes, and the order is linked', async () => {
    const request = pickup();
    const attempts = (6 * 60 * MINUTE_MS) / 30_000;
    const scenario = await scenarioOf({
      request,
      ridendine: [...Array.from({ length: attempts + 5 }, () => noAnswer), undefined],
      quoteExpiresInMs: 10 * MINUTE_MS,
    });

    const { result, tookMs } = await temporal.run(scenario, async (handle) => {
      const ids = await handle.result();
      return { result: ids, tookMs: await durationOf(handle) };
    });

    expect(result).toMatchObject(scenario.link);
    expect(tookMs).toBeGreaterThan(6 * 60 * MINUTE_MS);
    expect(scenario.sent).toHaveLength(attempts + 6);
    expect(new Set(scenario.sent).size).toBe(1);
    expect(scenario.marks).toEqual([]);
  });

  it('that refuses connections for six hours fails the order, though not before quote and grace are over', async () => {
    const request = pickup();
    const sixHours = (6 * 60 * MINUTE_MS) / 30_000;
    const scenario = await scenarioOf({
      request,
      ridendine: [...Array.from({ length: sixHours }, () => notReached), undefined],
      quoteExpiresInMs: 60 * MINUTE_MS,
    });

    const { failure, tookMs } = await temporal.run(scenario, async (handle) => {
      const ended = await failureOf(handle.result());
      return { failure: ended, tookMs: await durationOf(handle) };
    });

    expect(failure).toMatchObject({ type: 'RideNDineUnavailable' });
    expect(tookMs).toBeGreaterThan(64 * MINUTE_MS);
    expect(tookMs).toBeLessThan(70 * MINUTE_MS);
    expect(scenario.marks).toMatchObject([{ status: 'FAILED', failure_code: 'RideNDineUnavailable' }]);
  });

  it('fails the order when it refuses it and can never have had it', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [notReached, notReached, rejected] });

    const failure = await temporal.run(scenario, (handle) => failureOf(handle.result()));

    expect(failure).toMatchObject({ type: 'RideNDineRejected' });
    expect(scenario.sent).toHaveLength(3);
    expect(scenario.marks).toMatchObject([
      { order_id: scenario.orderId, status: 'FAILED', failure_code: 'RideNDineRejected' },
    ]);
  });

  it('fails the order when it was never reached until quote and grace were over', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [notReached], quoteExpiresInMs: 10 * MINUTE_MS });

    const failure = await temporal.run(scenario, (handle) => failureOf(handle.result()));

    expect(failure).toMatchObject({ type: 'RideNDineUnavailable' });
    // For 15 minutes the attempts are at most 30 s apart, after five quicker ones.
    expect(scenario.sent.length).toBeGreaterThan(25);
    expect(scenario.sent.length).toBeLessThan(40);
    expect(scenario.marks).toMatchObject([{ status: 'FAILED', failure_code: 'RideNDineUnavailable' }]);
  });

  it('waits as long as it asks when it wants fewer requests', async () => {
    const request = pickup();
    const limited = new PartnerError('RideNDineRateLimited', 'notSent', 'RideNDine asks for fewer requests (429).', {
      status: 429,
      retryAfterMs: 20 * MINUTE_MS,
    });
    const scenario = await scenarioOf({ request, ridendine: [limited, undefined] });

    const waitedMs = await temporal.run(scenario, async (handle) => {
      await handle.result();
      return await durationOf(handle);
    });

    expect(waitedMs).toBeGreaterThanOrEqual(20 * MINUTE_MS);
  });

  it('that wants to be left alone for longer than the quote lives is, and the order fails in time', async () => {
    const request = pickup();
    const limited = new PartnerError('RideNDineRateLimited', 'notSent', 'RideNDine asks for fewer requests (429).', {
      status: 429,
      retryAfterMs: 300 * MINUTE_MS,
    });
    const scenario = await scenarioOf({ request, ridendine: [limited], quoteExpiresInMs: 10 * MINUTE_MS });

    const { failure, tookMs } = await temporal.run(scenario, async (handle) => {
      const ended = await failureOf(handle.result());
      return { failure: ended, tookMs: await durationOf(handle) };
    });

    expect(failure).toMatchObject({ type: 'RideNDineRateLimited' });
    // Far less than the five hours. The test server dates an attempt back to the failure before it, so one more may be
    // sent than on a real server, after the quote's life. The stack tests show what a real server does.
    expect(scenario.sent.length).toBeLessThanOrEqual(2);
    expect(tookMs).toBeLessThan(60 * MINUTE_MS);
  });
});

describe('an order of which nobody can tell whether RideNDine has it', () => {
  it('waits for support staff when it is refused after an attempt of unknown end', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [noAnswer, rejected] });

    const state = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      const seen = await handle.query('orderCreationState');
      await handle.terminate();
      return seen;
    });

    expect(state).toMatchObject({ stage: 'NEEDS_REVIEW', failure: { code: 'RideNDineRejected' } });
    expect(scenario.marks).toMatchObject([{ status: 'NEEDS_REVIEW', failure_code: 'RideNDineRejected' }]);
  });

  it('is tried until the key grows too old, though the last attempts never left, and then waits for support staff', async () => {
    const request = pickup();
    const scenario = await scenarioOf({
      request,
      ridendine: [notReached, noAnswer, notReached],
      quoteExpiresInMs: 0,
      keyLivesMs: 30 * MINUTE_MS,
    });

    await temporal.run(scenario, async (handle) => {
      await inReview(scenario, MINUTE_MS);
      await handle.terminate();
    });

    // More attempts than fit into the grace (5 minutes), after which an order that was never sent would have failed.
    expect(scenario.sent.length).toBeGreaterThan(50);
    expect(scenario.marks).toMatchObject([{ status: 'NEEDS_REVIEW', failure_code: 'RideNDineUnavailable' }]);
  });

  it('is linked to the ids that support staff found', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [noAnswer, rejected] });
    const found = { ridendine_order_id: 'rnd_found', payment_session_id: 'ps_found' };

    const result = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      await decide(handle, { decision: 'link', ...found });
      return await handle.result();
    });

    expect(result).toMatchObject(found);
    expect(scenario.marks[0]).toMatchObject({ status: 'NEEDS_REVIEW' });
    expect(scenario.marks.at(-1)).toMatchObject({ status: 'PENDING_PAYMENT', failure_code: null });
  });

  it('goes to RideNDine once more, with the same bytes, when support staff say so', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [noAnswer, rejected, undefined] });

    const result = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      await decide(handle, { decision: 'retry' });
      return await handle.result();
    });

    expect(result).toMatchObject(scenario.link);
    expect(new Set(scenario.sent).size).toBe(1);
  });

  it('fails for good when support staff abandon it', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [noAnswer, rejected] });

    const failure = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      await decide(handle, { decision: 'abandon' });
      return await failureOf(handle.result());
    });

    expect(failure).toMatchObject({ type: 'OrderNeedsReview' });
    expect(scenario.marks.at(-1)).toMatchObject({ status: 'FAILED', failure_code: 'OrderNeedsReview' });
  });

  it('is overdue after its review window, says so, and still waits', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [noAnswer, rejected, undefined] });
    const day = 24 * 60 * MINUTE_MS;

    const { before, after, result } = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      await temporal.environment.sleep(6 * day);
      const early = await handle.query<OrderCreationState>('orderCreationState');
      await temporal.environment.sleep(2 * day);
      const late = await handle.query<OrderCreationState>('orderCreationState');
      await decide(handle, { decision: 'retry' });
      return { before: early, after: late, result: await handle.result() };
    });

    expect(before).toMatchObject({ stage: 'NEEDS_REVIEW' });
    expect(before.review_overdue).toBeUndefined();
    expect(after).toMatchObject({ stage: 'NEEDS_REVIEW', review_overdue: true });
    expect(result).toMatchObject(scenario.link);
  });

  it('goes to RideNDine no more of its own accord once the key is too old, and once if support staff ask', async () => {
    const request = pickup();
    const scenario = await scenarioOf({
      request,
      ridendine: [noAnswer],
      keyLivesMs: -MINUTE_MS,
    });
    const usual = { ...scenario.activities };
    scenario.activities.createOrderRecord = async (input) => ({
      ...(await usual.createOrderRecord(input)),
      maybe_sent_before: true,
    });

    const sent = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      const unasked = scenario.sent.length;
      await decide(handle, { decision: 'retry' });
      await until(() => scenario.marks.filter(({ status }) => status === 'NEEDS_REVIEW').length === 2);
      await handle.terminate();
      return { unasked, asked: scenario.sent.length };
    });

    expect(sent).toEqual({ unasked: 0, asked: 1 });
  });

  it('is sent once when support staff ask after the life of its key, though its quote lives on', async () => {
    const request = pickup();
    const scenario = await scenarioOf({
      request,
      ridendine: [noAnswer],
      keyLivesMs: 500,
      quoteExpiresInMs: 48 * 60 * MINUTE_MS,
    });

    const sent = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      const unasked = scenario.sent.length;
      await decide(handle, { decision: 'retry' });
      await until(() => scenario.marks.filter(({ status }) => status === 'NEEDS_REVIEW').length === 2);
      await handle.terminate();
      return scenario.sent.length - unasked;
    });

    expect(sent).toBe(1);
  });

  it('is waited for at once by an order whose review an earlier run has lost, for the same reason', async () => {
    const request = pickup();
    const review = { code: 'RideNDineRejected', reason: 'RideNDine refused the order (422).' } as const;
    const scenario = await scenarioOf({ request });
    const usual = { ...scenario.activities };
    scenario.activities.createOrderRecord = async (input) => ({ ...(await usual.createOrderRecord(input)), review });

    const { state, result } = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      const seen = await handle.query<OrderCreationState>('orderCreationState');
      const unasked = scenario.sent.length;
      await decide(handle, { decision: 'retry' });
      return { state: { ...seen, unasked }, result: await handle.result() };
    });

    expect(state).toMatchObject({ stage: 'NEEDS_REVIEW', failure: review, unasked: 0 });
    expect(result).toMatchObject(scenario.link);
  });

  it('tells support staff that their link is taken, and goes on waiting for a better one', async () => {
    const request = pickup();
    const conflict = ApplicationFailure.nonRetryable('Another order has it.', 'LinkConflict');
    const scenario = await scenarioOf({
      request,
      ridendine: [noAnswer, rejected],
      override: {
        async saveLinkIds({ order_id, link }) {
          if (link.ridendine_order_id === 'rnd_of_another') throw conflict;
          return { order_id, ...link, status: 'PENDING_PAYMENT', payment_status: 'PENDING' };
        },
      },
    });

    const { refusal, marksThen, result } = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      const ids = { ridendine_order_id: 'rnd_of_another', payment_session_id: 'ps_1' };
      const error = await decide(handle, { decision: 'link', ...ids }).catch((e: unknown) => e);
      const marks = scenario.marks.map(({ status }) => status);
      await decide(handle, { decision: 'link', ...ids, ridendine_order_id: 'rnd_right' });
      return { refusal: error, marksThen: marks, result: await handle.result() };
    });

    expect(refusal).toMatchObject({ cause: { type: 'DecisionRefused', message: 'Another order has it.' } });
    expect(new Set(marksThen)).toEqual(new Set(['NEEDS_REVIEW']));
    expect(result).toMatchObject({ ridendine_order_id: 'rnd_right' });
  });

  it.each(['retry', 'abandon'])('refuses to %s an order that a later phase has taken on', async (decision) => {
    const request = pickup();
    const scenario = await scenarioOf({
      request,
      ridendine: [noAnswer, rejected],
      override: {
        async markOrder({ status }) {
          return status === 'NEEDS_REVIEW' ? { kind: 'marked', link: null } : { kind: 'left' };
        },
      },
    });

    const { refusal, state } = await temporal.run(scenario, async (handle) => {
      await until(() => scenario.calls.includes('markOrder'));
      const error = await decide(handle, { decision }).catch((e: unknown) => e);
      const seen = await handle.query<OrderCreationState>('orderCreationState');
      await handle.terminate();
      return { refusal: error, state: seen };
    });

    expect(refusal).toMatchObject({ cause: { type: 'DecisionRefused' } });
    expect(state).toMatchObject({ stage: 'NEEDS_REVIEW' });
    expect(scenario.sent).toHaveLength(2);
  });

  it('is not linked beside another live order of its quote: the ids are kept, and another decision can be taken', async () => {
    const scenario = await scenarioOf({
      request: pickup(),
      ridendine: [noAnswer, rejected],
      override: {
        async markOrder({ status }) {
          return status === 'PENDING_PAYMENT' ? { kind: 'left', quote_taken: true } : { kind: 'marked', link: null };
        },
      },
    });
    const ids = { ridendine_order_id: 'rnd_1', payment_session_id: 'ps_1' };

    const { refusals, failure } = await temporal.run(scenario, async (handle) => {
      await until(() => scenario.calls.includes('markOrder'));
      const refused = [
        await decide(handle, { decision: 'link', ...ids }).catch((e: unknown) => e),
        await decide(handle, { decision: 'retry' }).catch((e: unknown) => e),
      ];
      await decide(handle, { decision: 'abandon' });
      return { refusals: refused, failure: await failureOf(handle.result()) };
    });

    expect(refusals).toMatchObject([
      { cause: { type: 'DecisionRefused', message: expect.stringMatching(/^The ids are saved. Another live order/) } },
      { cause: { type: 'DecisionRefused', message: expect.stringMatching(/^Another live order/) } },
    ]);
    expect(failure).toMatchObject({ type: 'OrderNeedsReview' });
  });

  it('is linked though a later phase has taken it on', async () => {
    const scenario = await scenarioOf({
      request: pickup(),
      ridendine: [noAnswer, rejected],
      override: {
        async saveLinkIds({ order_id, link }) {
          return { order_id, ...link, status: 'PAID', payment_status: 'PAID' };
        },
        async markOrder({ status }) {
          return status === 'PENDING_PAYMENT' ? { kind: 'left' } : { kind: 'marked', link: null };
        },
      },
    });
    const ids = { ridendine_order_id: 'rnd_1', payment_session_id: 'ps_1' };

    const result = await temporal.run(scenario, async (handle) => {
      await until(() => scenario.calls.includes('markOrder'));
      await decide(handle, { decision: 'link', ...ids });
      return await handle.result();
    });

    expect(result).toMatchObject(ids);
  });

  it('is seen by support staff, and decided, while Directus is down; the decision is carried out in its turn', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [noAnswer, rejected, undefined] });
    const usual = { ...scenario.activities };
    let isDown = true;
    scenario.activities.markOrder = async (mark) => {
      if (isDown) throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus is down.' });
      return await usual.markOrder(mark);
    };

    const result = await temporal.run(scenario, async (handle) => {
      await until(() => scenario.sent.length === 2);
      await untilStage(handle, 'NEEDS_REVIEW');
      const decided = decide(handle, { decision: 'retry' });
      isDown = false;
      await decided;
      return await handle.result();
    });

    expect(result).toMatchObject(scenario.link);
    expect(scenario.marks.map(({ status }) => status)).toEqual(['NEEDS_REVIEW', 'PENDING_PAYMENT']);
  });

  it('is put in review again if somebody fails that activity by hand, and can be decided', async () => {
    const scenario = await scenarioOf({ request: pickup(), ridendine: [noAnswer, rejected, undefined] });
    const usual = { ...scenario.activities };
    let attempts = 0;
    scenario.activities.markOrder = async (mark) => {
      attempts += 1;
      // The run sees the same failure when a person fails the activity in the Temporal UI.
      if (attempts === 1) throw ApplicationFailure.nonRetryable('Failed by hand.');
      return await usual.markOrder(mark);
    };

    const { result, failedTasks } = await temporal.run(scenario, async (handle) => {
      await untilStage(handle, 'NEEDS_REVIEW');
      await decide(handle, { decision: 'retry' });
      const ids = await handle.result();
      const { events } = await handle.fetchHistory();
      return { result: ids, failedTasks: events?.filter((event) => event.workflowTaskFailedEventAttributes) };
    });

    expect(result).toMatchObject(scenario.link);
    expect(scenario.marks.map(({ status }) => status)).toEqual(['NEEDS_REVIEW', 'PENDING_PAYMENT']);
    expect(failedTasks).toEqual([]);
  });

  it.each([
    ['retry', {}],
    ['abandon', {}],
    ['link', { ridendine_order_id: 'rnd_1', payment_session_id: 'ps_1' }],
  ])(
    'refuses to %s after two minutes if Directus does not take it, and another decision can be taken',
    async (decision, ids) => {
      const scenario = await scenarioOf({ request: pickup(), ridendine: [noAnswer, rejected, undefined] });
      const usual = { ...scenario.activities };
      let refuses = false;
      const unlessRefused = async <Output>(write: () => Promise<Output>): Promise<Output> => {
        if (refuses)
          throw ApplicationFailure.create({ type: 'DirectusRejected', message: 'Directus refuses it (400).' });
        return await write();
      };
      scenario.activities.markOrder = (mark) => unlessRefused(() => usual.markOrder(mark));
      scenario.activities.saveLinkIds = (input) => unlessRefused(() => usual.saveLinkIds(input));

      const { refusal, result } = await temporal.run(scenario, async (handle) => {
        await inReview(scenario);
        refuses = true;
        const refused = decide(handle, { decision, ...ids }).catch((error: unknown) => error);
        const error = await inTime(refused);
        refuses = false;
        await until(() => scenario.marks.length > 1);
        await decide(handle, { decision: 'retry' });
        return { refusal: error, result: await handle.result() };
      });

      expect(refusal).toMatchObject({
        cause: {
          type: 'DecisionRefused',
          message: expect.stringMatching(/^Directus refuses it \(400\)\. [^]*Decide again/),
        },
      });
      expect(result).toMatchObject(scenario.link);
      expect(scenario.marks.map(({ status }) => status)).toEqual(['NEEDS_REVIEW', 'NEEDS_REVIEW', 'PENDING_PAYMENT']);
    },
  );

  it('is in review again in Directus after a decision that was refused, though Directus has taken it late', async () => {
    const scenario = await scenarioOf({ request: pickup(), ridendine: [noAnswer, rejected, undefined] });
    const usual = { ...scenario.activities };
    let answers = true;
    scenario.activities.markOrder = async (mark) => {
      const outcome = await usual.markOrder(mark);
      if (answers || mark.status === 'NEEDS_REVIEW') return outcome;
      throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus did not answer in time.' });
    };

    const { refusal, statusThen, result } = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      answers = false;
      const refused = decide(handle, { decision: 'abandon' }).catch((error: unknown) => error);
      const error = await inTime(refused);
      await until(() => scenario.marks.at(-1)?.status === 'NEEDS_REVIEW');
      const { status } = scenario.marks.at(-1) ?? {};
      answers = true;
      await decide(handle, { decision: 'retry' });
      return { refusal: error, statusThen: status, result: await handle.result() };
    });

    // Directus may have stored it: nobody is told that it has not.
    expect(refusal).toMatchObject({
      cause: {
        type: 'DecisionRefused',
        message: expect.stringContaining('Directus did not confirm the decision within two minutes.'),
      },
    });
    expect(statusThen).toBe('NEEDS_REVIEW');
    expect(result).toMatchObject(scenario.link);
  });

  it('refuses a decision for as long as Directus cannot be told that the order is in review', async () => {
    const scenario = await scenarioOf({ request: pickup(), ridendine: [noAnswer, rejected, undefined] });
    const usual = { ...scenario.activities };
    let isDown = true;
    scenario.activities.markOrder = async (mark) => {
      if (isDown) throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus is down.' });
      return await usual.markOrder(mark);
    };

    const { refusal, result } = await temporal.run(scenario, async (handle) => {
      await untilStage(handle, 'NEEDS_REVIEW');
      const refused = decide(handle, { decision: 'retry' }).catch((error: unknown) => error);
      const error = await inTime(refused);
      isDown = false;
      await inReview(scenario);
      await decide(handle, { decision: 'retry' });
      return { refusal: error, result: await handle.result() };
    });

    expect(refusal).toMatchObject({
      cause: { type: 'DecisionRefused', message: expect.stringContaining('Pending Activities') },
    });
    expect(result).toMatchObject(scenario.link);
  });

  it('refuses a decision that lacks something, and goes on waiting', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [noAnswer, rejected] });

    const refusal = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      const error = await decide(handle, { decision: 'link', ridendine_order_id: 'rnd_1' }).catch((e: unknown) => e);
      await handle.terminate();
      return error;
    });

    expect(refusal).toMatchObject({ cause: { type: 'DecisionRefused' } });
    expect(String((refusal as Error).cause)).toContain('payment_session_id');
  });
});

describe('an order whose end somebody else has decided meanwhile', () => {
  it('is left as it is by its run, which ends: a new one answers for the key', async () => {
    const request = pickup();
    const scenario = await scenarioOf({
      request,
      ridendine: [rejected],
      override: {
        async markOrder() {
          return { kind: 'left' };
        },
      },
    });

    const failure = await temporal.run(scenario, (handle) => failureOf(handle.result()));

    expect(failure).toMatchObject({ type: 'OrderNeedsReview' });
    expect(scenario.calls.filter((name) => name === 'markOrder')).toHaveLength(1);
  });

  it('that support staff want tried again, and that is linked by now, is not sent again', async () => {
    const request = pickup();
    const found = { ridendine_order_id: 'rnd_by_hand', payment_session_id: 'ps_by_hand' };
    const scenario = await scenarioOf({
      request,
      ridendine: [noAnswer, rejected, undefined],
      override: {
        async markOrder() {
          return { kind: 'marked', link: found };
        },
      },
    });

    const result = await temporal.run(scenario, async (handle) => {
      await untilStage(handle, 'NEEDS_REVIEW');
      await decide(handle, { decision: 'retry' });
      return await handle.result();
    });

    expect(result).toMatchObject(found);
    expect(scenario.sent).toHaveLength(2);
  });

  it('that is missing in Directus is not linked for ever: the decision is refused, and another can be taken', async () => {
    const request = pickup();
    const scenario = await scenarioOf({
      request,
      ridendine: [noAnswer, rejected],
      override: {
        async markOrder() {
          return { kind: 'missing' };
        },
        async saveLinkIds() {
          throw ApplicationFailure.create({ type: 'DirectusRejected', message: 'The order is missing in Directus.' });
        },
      },
    });

    const { refusal, failure } = await temporal.run(scenario, async (handle) => {
      await untilStage(handle, 'NEEDS_REVIEW');
      const ids = { ridendine_order_id: 'rnd_1', payment_session_id: 'ps_1' };
      const error = await decide(handle, { decision: 'link', ...ids }).catch((e: unknown) => e);
      await decide(handle, { decision: 'abandon' });
      return { refusal: error, failure: await failureOf(handle.result()) };
    });

    expect(refusal).toMatchObject({ cause: { type: 'DecisionRefused' } });
    expect(failure).toMatchObject({ type: 'OrderNeedsReview' });
  });
});

describe('a link that clashes', () => {
  it('waits for support staff, and is saved when they have cleared the way', async () => {
    const request = pickup();
    let isCleared = false;
    const scenario = await scenarioOf({
      request,
      override: {
        async saveLinkIds({ order_id, link }) {
          if (!isCleared) throw ApplicationFailure.nonRetryable('Another order has it.', 'LinkConflict');
          return { order_id, ...link, status: 'PENDING_PAYMENT', payment_status: 'PENDING' };
        },
      },
    });

    const result = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      isCleared = true;
      await decide(handle, { decision: 'retry' });
      return await handle.result();
    });

    expect(result).toMatchObject(scenario.link);
    // The order exists at RideNDine, so it must not be sent again.
    expect(scenario.sent).toHaveLength(1);
    expect(scenario.marks.map(({ status, failure_code }) => [status, failure_code])).toEqual([
      ['NEEDS_REVIEW', 'LinkConflict'],
      ['PENDING_PAYMENT', null],
    ]);
  });

  it('is not lost while Directus is down for a day', async () => {
    const request = pickup();
    let attempts = 0;
    const scenario = await scenarioOf({
      request,
      override: {
        async saveLinkIds({ order_id, link }) {
          attempts += 1;
          if (attempts <= 24 * 120) {
            throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus is down.' });
          }
          return { order_id, ...link, status: 'PENDING_PAYMENT', payment_status: 'PENDING' };
        },
      },
    });

    const tookMs = await temporal.run(scenario, async (handle) => {
      await handle.result();
      return await durationOf(handle);
    });

    expect(tookMs).toBeGreaterThan(23 * 60 * MINUTE_MS);
    expect(scenario.sent).toHaveLength(1);
  }, 240_000);
});

describe('cancelling', () => {
  it('before anything is known has Directus say so under the key', async () => {
    const request = pickup();
    const scenario = await scenarioOf({
      request,
      override: {
        async validateCheckout() {
          throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
        },
      },
    });

    const { failure, state } = await temporal.run(scenario, async (handle) => {
      await until(() => scenario.calls.includes('validateCheckout'));
      await handle.cancel();
      const ended = await failureOf(handle.result());
      return { failure: ended, state: await handle.query<OrderCreationState>('orderCreationState') };
    });

    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(state).toMatchObject({ stage: 'CANCELLED', order_id: scenario.orderId });
    expect(scenario.calls).not.toContain('createOrderRecord');
    expect(scenario.cancelled).toMatchObject([{ action: 'cancel', actor: 'Request Cancellation in Temporal' }]);
  });

  it('while the record is being written marks the order, even though the step then succeeds', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request });
    const usual = { ...scenario.activities };
    const started = Promise.withResolvers<undefined>();
    const mayEnd = Promise.withResolvers<undefined>();
    scenario.activities.createOrderRecord = async (input) => {
      // The first attempt fails, so that the next one is an activity: a run may hear nothing during a workflow task.
      if (activityInfo().isLocal) throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Busy.' });
      started.resolve(undefined);
      await mayEnd.promise;
      return await usual.createOrderRecord(input);
    };

    const failure = await temporal.run(scenario, async (handle) => {
      await started.promise;
      await handle.cancel();
      await untilCancelReachedActivity(handle);
      mayEnd.resolve(undefined);
      return await failureOf(handle.result());
    });

    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(scenario.marks).toMatchObject([{ order_id: scenario.orderId, status: 'CANCELLED' }]);
    expect(scenario.sent).toEqual([]);
  });

  it('reaches even a first attempt, if that takes long, and marks the order that it has written', async () => {
    const scenario = await scenarioOf({ request: pickup() });
    const usual = { ...scenario.activities };
    const started = Promise.withResolvers<undefined>();
    const reasons: unknown[] = [];
    scenario.activities.createOrderRecord = async (input) => {
      expect(activityInfo().isLocal).toBe(true);
      started.resolve(undefined);
      await Context.current().cancelled.catch((reason: unknown) => reasons.push(reason));
      return await usual.createOrderRecord(input);
    };

    const failure = await temporal.run(scenario, async (handle) => {
      await started.promise;
      await handle.cancel();
      return await failureOf(handle.result());
    });

    expect(reasons).toMatchObject([{ message: 'CANCELLED' }]);
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(scenario.marks).toMatchObject([{ order_id: scenario.orderId, status: 'CANCELLED' }]);
    expect(scenario.sent).toEqual([]);
  }, 240_000);

  it('while the link is being saved is too late: the run completes', async () => {
    const request = pickup();
    let attempts = 0;
    const scenario = await scenarioOf({
      request,
      override: {
        async saveLinkIds({ order_id, link }) {
          attempts += 1;
          if (attempts < 10) throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Down.' });
          return { order_id, ...link, status: 'PENDING_PAYMENT', payment_status: 'PENDING' };
        },
      },
    });

    const result = await temporal.run(scenario, async (handle) => {
      await until(() => attempts > 0);
      await handle.cancel();
      return await handle.result();
    });

    expect(result).toMatchObject(scenario.link);
    expect(scenario.marks).toEqual([]);
  });

  it('an order in review changes nothing: support staff decide', async () => {
    const request = pickup();
    const scenario = await scenarioOf({ request, ridendine: [noAnswer, rejected, undefined] });

    const { state, result } = await temporal.run(scenario, async (handle) => {
      await inReview(scenario);
      await handle.cancel();
      await temporal.environment.sleep(MINUTE_MS);
      const seen = await handle.query<OrderCreationState>('orderCreationState');
      await decide(handle, { decision: 'retry' });
      return { state: seen, result: await handle.result() };
    });

    expect(state).toMatchObject({ stage: 'NEEDS_REVIEW' });
    expect(result).toMatchObject(scenario.link);
  });

  it('marks the order and closes the run as cancelled while nothing has gone to RideNDine', async () => {
    const request = pickup();
    const scenario = await scenarioOf({
      request,
      override: {
        // Directus is down, so the step is tried again and again.
        async createOrderRecord() {
          throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
        },
      },
    });

    const failure = await temporal.run(scenario, async (handle) => {
      await until(() => scenario.calls.includes('createOrderRecord'));
      await handle.cancel();
      return await failureOf(handle.result());
    });

    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(scenario.marks).toMatchObject([{ order_id: scenario.orderId, status: 'CANCELLED' }]);
    expect(scenario.sent).toEqual([]);
  });

  it('while RideNDine is asked ends the order if every attempt is proven not to have left', async () => {
    const scenario = await scenarioOf({
      request: pickup(),
      ridendine: [later(notReached)],
      override: { stopPartnerAttempts: async () => ({ maybe_sent: false, code: 'RideNDineUnavailable' }) },
    });

    const failure = await temporal.run(scenario, async (handle) => {
      await untilAttemptHasFailed(handle);
      await handle.cancel();
      return await failureOf(handle.result());
    });

    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(scenario.marks).toMatchObject([{ status: 'CANCELLED', support_action: { action: 'cancel' } }]);
  });

  it('while RideNDine is asked brings the order to review at once if RideNDine may have it', async () => {
    const scenario = await scenarioOf({
      request: pickup(),
      ridendine: [later(noAnswer)],
      override: { stopPartnerAttempts: async () => ({ maybe_sent: true, code: 'RideNDineUnavailable' }) },
    });

    const { calls, result } = await temporal.run(scenario, async (handle) => {
      await untilAttemptHasFailed(handle);
      await handle.cancel();
      await inReview(scenario);
      const sent = scenario.sent.length;
      await temporal.environment.sleep(2 * LATER_MS);
      const made = scenario.sent.length - sent;
      await decide(handle, { decision: 'link', ridendine_order_id: 'rnd_found', payment_session_id: 'ps_found' });
      return { calls: made, result: await handle.result() };
    });

    expect(calls).toBe(0);
    expect(scenario.marks[0]).toMatchObject({
      status: 'NEEDS_REVIEW',
      failure_code: 'RideNDineUnavailable',
      failure_reason: expect.stringContaining('asked to cancel'),
      support_action: { action: 'cancel' },
    });
    expect(result).toMatchObject({ ridendine_order_id: 'rnd_found' });
  });

  it('of an order that an earlier run may have sent brings it to review, and asks RideNDine nothing', async () => {
    const checked = Promise.withResolvers<undefined>();
    const scenario = await scenarioOf({
      request: pickup(),
      override: {
        async validateCheckout() {
          await checked.promise;
          throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
        },
        async cancelCheckout() {
          const found = { request_fingerprint: 'fingerprint', run_id: currentRunId(), order_id: scenario.orderId };
          return { ...found, kind: 'unfinished', store_id: null };
        },
      },
    });
    const usual = { ...scenario.activities };
    scenario.activities.createOrderRecord = async (input) => ({
      ...(await usual.createOrderRecord(input)),
      maybe_sent_before: true,
    });

    await temporal.run(scenario, async (handle) => {
      await handle.cancel();
      checked.resolve(undefined);
      await inReview(scenario);
      await decide(handle, { decision: 'abandon' });
      await failureOf(handle.result());
    });

    expect(scenario.sent).toEqual([]);
    expect(scenario.marks).toMatchObject([{ status: 'NEEDS_REVIEW' }, { status: 'FAILED' }]);
  });
});

function pickup(): CheckoutRequest {
  return {
    customer_id: randomUUID(),
    quote_id: `quote-${randomUUID()}`,
    fulfillment_method: 'PICKUP',
    idempotency_key: randomUUID(),
  };
}

async function scenarioOf(options: Omit<ScenarioOptions, 'nowMs'>): Promise<Scenario> {
  return createScenario({ ...options, nowMs: await temporal.environment.currentTimeMs() });
}

async function failureOf(result: Promise<unknown>): Promise<unknown> {
  const error = await result.then(
    () => new Error('The run completed.'),
    (reason: unknown) => reason,
  );
  return error instanceof WorkflowFailedError ? error.cause : error;
}

async function durationOf(handle: WorkflowHandle): Promise<number> {
  const { startTime, closeTime } = await handle.describe();
  return (closeTime?.getTime() ?? 0) - startTime.getTime();
}

async function untilStage(handle: WorkflowHandle, stage: OrderCreationStage): Promise<void> {
  await until(async () => (await handle.query<OrderCreationState>('orderCreationState')).stage === stage, 100);
}

async function untilCancelReachedActivity(handle: WorkflowHandle): Promise<void> {
  const isThere = async () =>
    (await handle.fetchHistory()).events?.some((event) => event.activityTaskCancelRequestedEventAttributes);
  await until(isThere, 100);
}

const LATER_MS = 60 * MINUTE_MS;

/** Postpones the next attempt by an hour, so that no attempt is under way while the test acts. */
function later({ code, outcome, message }: PartnerError): PartnerError {
  return new PartnerError(code, outcome, message, { retryAfterMs: LATER_MS });
}

async function untilAttemptHasFailed(handle: WorkflowHandle): Promise<void> {
  await until(async () => (await handle.describe()).raw.pendingActivities?.some(({ lastFailure }) => lastFailure), 100);
}

async function inReview(scenario: Scenario, stepMs = 1000): Promise<void> {
  await until(() => scenario.marks.some((mark) => mark.status === 'NEEDS_REVIEW'), stepMs);
}

function decide(
  handle: { executeUpdate(name: string, options: { args: [unknown] }): Promise<unknown> },
  decision: object,
) {
  return handle.executeUpdate('resolveReview', { args: [{ ...decision, actor: 'agent-7', reason: 'Ticket 1' }] });
}

/** Lets the server's time pass until the answer is there. */
async function inTime<Value>(answer: Promise<Value>): Promise<Value> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  answer.then(over, over);
  await until(() => isOver, 10_000);
  return await answer;
}

/**
 * Lets the server's time pass in steps, with pauses in which the worker can work. The worker's tasks time out by the
 * server's clock, which a slow machine could not follow without the pauses.
 */
async function until(isTrue: () => boolean | undefined | Promise<boolean | undefined>, stepMs = 1000): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (let pauseMs = 1; !(await isTrue()); pauseMs = Math.min(1.1 * pauseMs, 500)) {
    if (Date.now() > deadline) throw new Error('What the test waits for did not happen within two minutes.');
    await delay(pauseMs);
    await temporal.environment.sleep(stepMs);
  }
}
