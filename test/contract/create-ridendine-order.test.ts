import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createRideNDineOrderWith } from '../../src/activities/create-ridendine-order.ts';
import type { OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import type { LinkIds, StoredOrder } from '../../src/domain/order.ts';
import type { PartnerPause } from '../../src/domain/partner-pause.ts';
import { createRideNDineClient } from '../../src/integrations/ridendine/ridendine-client.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpServer } from '../support/loopback-servers.ts';
import type { LoopbackServer, ReceivedRequest } from '../support/loopback-servers.ts';

const servers: LoopbackServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** Starts a partner that answers each call alike. */
async function partner(status: number, body = '{}', headers: Record<string, string> = {}) {
  const server = await startHttpServer((response: ServerResponse) => response.writeHead(status, headers).end(body));
  servers.push(server);
  return server;
}

type PartnerCall = Parameters<OrderCreationActivities['createRideNDineOrder']>[0];

function newRecord(changes: Partial<PartnerCall> = {}): PartnerCall {
  return {
    run_id: 'run-1',
    order_id: randomUUID(),
    review: null,
    ridendine_request: '{"the":"frozen body"}',
    maybe_sent_before: false,
    not_sent_deadline: fromNow(60 * 60_000),
    key_deadline: fromNow(23 * 60 * 60_000),
    attempt_timeout_ms: 12_000,
    review_window_ms: 604_800_000,
    asked_by_support: false,
    ...changes,
  };
}

function newStoredOrder(changes: Partial<StoredOrder> = {}): StoredOrder {
  return {
    id: randomUUID(),
    status: 'PENDING_PAYMENT',
    payment_status: 'PENDING',
    quote_id: null,
    customer_id: null,
    store_id: null,
    idempotency_key: randomUUID(),
    request_fingerprint: 'fingerprint',
    ridendine_request: '{"the":"frozen body"}',
    ridendine_order_id: null,
    payment_session_id: null,
    failure_code: null,
    failure_reason: null,
    workflow_run_id: 'run-1',
    date_created: fromNow(0),
    date_updated: null,
    ...changes,
  };
}

function fromNow(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

/** What Temporal tells an attempt about itself. */
type AttemptInfo = NonNullable<ConstructorParameters<typeof MockActivityEnvironment>[0]>;

const workflowExecution = { workflowId: 'order-creation-1', runId: 'run-1' };
/** The retry policy `partnerBackoff`, as Temporal tells it to an attempt. */
const retryPolicy = { initialInterval: 1000, backoffCoefficient: 2, maximumInterval: 30_000 };
const first: AttemptInfo = {
  workflowExecution,
  retryPolicy,
  attempt: 1,
  startToCloseTimeoutMs: 17_000,
  scheduledTimestampMs: 1000,
  currentAttemptScheduledTimestampMs: 1000,
};

function later(number: number, heartbeatDetails?: unknown): AttemptInfo {
  const currentAttemptScheduledTimestampMs = 1000 + number;
  return {
    workflowExecution,
    retryPolicy,
    attempt: number,
    scheduledTimestampMs: 1000,
    currentAttemptScheduledTimestampMs,
    heartbeatDetails,
  };
}

/** What an attempt finds after this many answers 404, the first of them `ms` ago. */
function afterNotFound(attempts: number, ms: number, word: object = { maybe_sent: false }): AttemptInfo {
  return later(attempts + 1, {
    ...word,
    attempt: attempts,
    code: 'RideNDineRejected',
    not_found: { since: fromNow(-ms), attempts },
  });
}

interface Attempt {
  result?: LinkIds;
  failure?: ApplicationFailure;
  /** What the attempt leaves for the next one. */
  heartbeats: unknown[];
}

/** @param stored the order as Directus has it. */
async function attempt(
  baseUrl: string,
  record: PartnerCall,
  info: AttemptInfo = first,
  stored: StoredOrder | null = newStoredOrder(),
  pause: PartnerPause | null = null,
): Promise<Attempt> {
  const ridendine = createRideNDineClient({ baseUrl, apiKey: 'partner-key', timeoutMs: 5000 });
  const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR', () => {}) });
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => heartbeats.push(details));
  const createOrder = createRideNDineOrderWith({
    partner: ridendine,
    orders: { findOrderById: async () => stored },
    pause: () => pause,
  });
  const runs = (order: PartnerCall) => createOrder(order);
  try {
    return { result: await environment.run<[PartnerCall], LinkIds, typeof runs>(runs, record), heartbeats };
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    return { failure: error, heartbeats };
  }
}

/** Makes an attempt during a pause. @returns its failure, its heartbeats, and the requests that RideNDine got. */
async function attemptInPause(info: AttemptInfo, changes: Partial<PartnerCall> = {}) {
  const { url, requests } = await partner(201);
  const pause = { since: '2026-01-31T12:00:00.000Z' };
  const { failure, heartbeats } = await attempt(url, newRecord(changes), info, newStoredOrder(), pause);
  return { failure, heartbeats, requests };
}

describe('while calls to RideNDine are paused', () => {
  it.each([
    ['the first attempt', first, {}, false],
    [
      'an attempt after one that was not sent',
      later(2, { maybe_sent: false, attempt: 1, code: 'RideNDineUnavailable' }),
      {},
      false,
    ],
    [
      'an attempt after one that may have arrived',
      later(2, { maybe_sent: true, code: 'RideNDineUnavailable' }),
      {},
      true,
    ],
    ['an attempt after one that left no word', later(2), {}, true],
    ['a step after others that may have arrived', first, { maybe_sent_before: true }, true],
  ])('%s asks nobody, and tells what the attempts before it have come to', async (_what, info, changes, maybe_sent) => {
    const { failure, heartbeats, requests } = await attemptInPause(info, changes);

    expect(requests).toEqual([]);
    expect(heartbeats).toEqual([]);
    expect(failure).toMatchObject({
      type: 'RideNDineUnavailable',
      nonRetryable: true,
      message: 'Calls to RideNDine have been paused since 2026-01-31 12:00 UTC, so RideNDine was not asked.',
      details: [{ maybe_sent, pause: { since: '2026-01-31T12:00:00.000Z' } }],
    });
  });

  it('an order whose time is over is not kept waiting', async () => {
    const { failure } = await attemptInPause(first, { not_sent_deadline: fromNow(-1000) });

    expect(failure).toMatchObject({ type: 'QuoteExpired', nonRetryable: true });
  });
});

/** The note that an attempt with this number leaves if RideNDine answers 429, so that nothing was sent. */
async function notSentWordOf(number: number, record: PartnerCall): Promise<unknown> {
  const { url } = await partner(429);
  const before = number === 1 ? first : later(number, await notSentWordOf(number - 1, record));
  const { heartbeats } = await attempt(url, record, before);
  return heartbeats.at(-1);
}

function detailsOf({ failure }: Attempt): unknown {
  return failure?.details?.[0];
}

const bodies = (requests: ReceivedRequest[]) => requests.map(({ body }) => body.toString('utf8'));

describe('an attempt to create the order at RideNDine', () => {
  it('sends the frozen body under the order’s key, and gives the ids', async () => {
    const server = await partner(201, '{"ridendine_order_id":"r-1","payment_session_id":"p-1"}');
    const record = newRecord();

    const { result } = await attempt(server.url, record);

    expect(result).toEqual({ ridendine_order_id: 'r-1', payment_session_id: 'p-1' });
    expect(bodies(server.requests)).toEqual(['{"the":"frozen body"}']);
    expect(server.requests[0]?.headers['idempotency-key']).toBe(`cooco_order_${record.order_id}`);
  });

  it.each<[number, string, boolean, string, boolean]>([
    [422, 'RideNDineRejected', true, 'rejected', false],
    [401, 'RideNDineUnauthorized', false, 'notSent', false],
    [429, 'RideNDineRateLimited', false, 'notSent', false],
    [307, 'RideNDineUnauthorized', false, 'notSent', false],
    [303, 'RideNDineUnauthorized', false, 'maybeSent', true],
    [405, 'RideNDineUnauthorized', false, 'maybeSent', true],
    [409, 'RideNDineUnavailable', false, 'maybeSent', true],
    [500, 'RideNDineUnavailable', false, 'maybeSent', true],
    [201, 'RideNDineContractBroken', false, 'maybeSent', true],
  ])('that gets %i first fails as %s', async (status, type, nonRetryable, outcome, maybeSent) => {
    const server = await partner(status);

    const made = await attempt(server.url, newRecord());

    expect(made.failure).toMatchObject({ type, nonRetryable });
    expect(detailsOf(made)).toMatchObject({ outcome, maybe_sent: maybeSent, status });
    expect(server.requests).toHaveLength(1);
  });

  it('that meets nobody fails, and is tried again with the usual pauses', async () => {
    const made = await attempt(`http://127.0.0.1:${await freePort()}`, newRecord());

    expect(made.failure).toMatchObject({ type: 'RideNDineUnavailable', nonRetryable: false });
    expect(made.failure?.nextRetryDelay).toBeUndefined();
    expect(detailsOf(made)).toEqual({ outcome: 'notSent', maybe_sent: false, tried_until: expect.any(String) });
  });

  it('keeps the partner’s text for its details', async () => {
    const server = await partner(422, '{"detail":"canary"}');

    const made = await attempt(server.url, newRecord());

    expect(detailsOf(made)).toMatchObject({ partner_text: '{"detail":"canary"}' });
    expect(made.failure?.message).not.toContain('canary');
  });
});

describe('what is known of the attempts before', () => {
  it.each([
    [401, '{}', false],
    [403, '{}', false],
    [401, 'no JSON', true],
    [403, 'no JSON', true],
    [429, 'no JSON', false],
    [307, 'no JSON', false],
    [303, 'no JSON', true],
    [409, 'no JSON', true],
    [500, 'no JSON', true],
    [404, 'no JSON', true],
    [404, '{}', false],
    [405, '{}', true],
    [201, 'no JSON', true],
  ])('is passed on by an attempt that %i %s ended: it may have been sent is %s', async (status, body, maybeSent) => {
    const { url } = await partner(status, body);

    const { heartbeats } = await attempt(url, newRecord());

    expect(heartbeats).toEqual([expect.objectContaining({ maybe_sent: maybeSent })]);
  });

  it('is that nothing was sent, as long as every attempt says so', async () => {
    const record = newRecord();
    const word = await notSentWordOf(2, record);
    const { url } = await partner(429);

    const third = await attempt(url, record, later(3, word));

    expect(detailsOf(third)).toMatchObject({ outcome: 'notSent', maybe_sent: false });
  });

  it('lets a refusal stand as one, as long as nothing was sent', async () => {
    const record = newRecord();
    const word = await notSentWordOf(1, record);
    const { url } = await partner(422);

    const second = await attempt(url, record, later(2, word));

    expect(second.failure).toMatchObject({ type: 'RideNDineRejected', nonRetryable: true });
    expect(detailsOf(second)).toMatchObject({ outcome: 'rejected', maybe_sent: false });
  });

  it('is that nothing was sent, if a new build has the first attempt scheduled anew', async () => {
    const { url } = await partner(422);

    const rejected = await attempt(url, newRecord(), { ...first, currentAttemptScheduledTimestampMs: 1400 });

    expect(detailsOf(rejected)).toMatchObject({ outcome: 'rejected', maybe_sent: false });
  });

  it.each<[string, () => Promise<AttemptInfo>, Partial<PartnerCall>]>([
    ['the attempt before left no word', async () => later(2), {}],
    ['an attempt in between left no word', async () => later(3, await notSentWordOf(1, newRecord())), {}],
    ['an operator reset the attempts', async () => ({ ...first, currentAttemptScheduledTimestampMs: 18_000 }), {}],
    [
      'an operator reset the attempts and a word is left',
      async () => ({ ...later(1, await notSentWordOf(1, newRecord())) }),
      {},
    ],
    ['an earlier attempt says that it may', async () => later(7, { maybe_sent: true, code: null }), {}],
    ['what is left is no word of ours', async () => later(2, { attempt: 1, code: 'RideNDineRateLimited' }), {}],
    ['what is left is a text', async () => later(2, 'not sent'), {}],
    ['an earlier run may have sent it', async () => first, { maybe_sent_before: true }],
    ['an operator reset the run to after the record was written', async () => first, { run_id: 'run-0' }],
    [
      'an earlier run may have sent it, whatever this run’s attempts say',
      async () => later(2, await notSentWordOf(1, newRecord())),
      { maybe_sent_before: true },
    ],
  ])('is that it may have been sent, if %s', async (_what, info, changes) => {
    const record = newRecord(changes);
    const turnedAway = await partner(429);
    const refused = await partner(422);

    const away = await attempt(turnedAway.url, record, await info());
    const rejected = await attempt(refused.url, record, await info());

    expect(detailsOf(away)).toMatchObject({ outcome: 'notSent', maybe_sent: true });
    // The first heartbeat comes before anything is sent, because the attempt may be cut off.
    expect(away.heartbeats).toEqual([
      expect.objectContaining({ maybe_sent: true }),
      expect.objectContaining({ maybe_sent: true }),
    ]);
    expect(rejected.failure).toMatchObject({ type: 'RideNDineRejected', nonRetryable: true });
    expect(detailsOf(rejected)).toMatchObject({ outcome: 'rejected', maybe_sent: true });
  });
});

describe('an attempt that finds a word of not sent', () => {
  it('takes it back before it sends anything: it may be cut off, and its number be used again', async () => {
    const record = newRecord();
    const word = await notSentWordOf(1, record);
    const { url } = await partner(429);

    const { heartbeats } = await attempt(url, record, later(2, word));

    expect(heartbeats).toEqual([
      expect.objectContaining({ maybe_sent: true }),
      expect.objectContaining({ maybe_sent: false, attempt: 2 }),
    ]);
  });
});

describe('a 404 with JSON', () => {
  const noRoute = '{"message":"no Route matched with those values"}';

  it.each<[string, () => AttemptInfo]>([
    ['the first time', () => first],
    ['after two answers', () => afterNotFound(1, 60_000)],
    ['within ten seconds', () => afterNotFound(5, 0)],
  ])('is tried again %s: a gateway in front of RideNDine says the same while it is set up', async (_when, info) => {
    const { url } = await partner(404, noRoute);

    const made = await attempt(url, newRecord(), info());

    expect(made.failure).toMatchObject({ type: 'RideNDineRejected', nonRetryable: false });
    expect(made.failure?.nextRetryDelay).toBeUndefined();
    expect(detailsOf(made)).toMatchObject({ outcome: 'rejected', maybe_sent: false });
  });

  it('is final once it has lasted for three attempts over ten seconds', async () => {
    const { url } = await partner(404, noRoute);

    const made = await attempt(url, newRecord(), afterNotFound(2, 10_000));

    expect(made.failure).toMatchObject({ type: 'RideNDineRejected', nonRetryable: true });
    expect(detailsOf(made)).toMatchObject({ outcome: 'rejected', maybe_sent: false });
  });

  it('lasts for an order that may have been sent, too, and says so', async () => {
    const { url } = await partner(404, noRoute);
    const record = newRecord({ maybe_sent_before: true });

    const second = await attempt(url, record, afterNotFound(1, 60_000, { maybe_sent: true }));
    const third = await attempt(url, record, afterNotFound(2, 10_000, { maybe_sent: true }));

    expect(second.failure).toMatchObject({ nonRetryable: false });
    expect(third.failure).toMatchObject({ type: 'RideNDineRejected', nonRetryable: true });
    expect(detailsOf(third)).toMatchObject({ outcome: 'rejected', maybe_sent: true });
  });

  it('begins anew after any other answer', async () => {
    const noAnswer = await partner(503);
    const { heartbeats } = await attempt(noAnswer.url, newRecord(), afterNotFound(2, 60_000));
    const { url } = await partner(404, noRoute);

    const made = await attempt(url, newRecord(), later(4, heartbeats.at(-1)));

    expect(made.failure).toMatchObject({ nonRetryable: false });
  });
});

describe('an operator’s reset of the run to after the record was written', () => {
  const ids = { ridendine_order_id: 'r-1', payment_session_id: 'p-1' };

  it.each([
    ['failed', { status: 'FAILED' }, 'OrderNeedsReview'],
    ['abandoned', { status: 'FAILED', failure_code: 'OrderNeedsReview' }, 'OrderNeedsReview'],
    ['cancelled', { status: 'CANCELLED' }, 'OrderCancelled'],
    ['taken on by a later phase without a link', { status: 'PAID' }, 'OrderNeedsReview'],
  ])('sends nothing for an order that has been %s since', async (_what, changes, type) => {
    const server = await partner(201, JSON.stringify(ids));

    const made = await attempt(server.url, newRecord({ run_id: 'run-0' }), first, newStoredOrder(changes));

    expect(made.failure).toMatchObject({ type, nonRetryable: true });
    expect(server.requests).toEqual([]);
  });

  it.each([
    ['by another run', {}],
    ['and taken on by a later phase', { status: 'PAID' }],
  ])('answers with the ids of an order that has been linked since %s', async (_how, changes) => {
    const server = await partner(422);

    const made = await attempt(
      server.url,
      newRecord({ run_id: 'run-0' }),
      first,
      newStoredOrder({ ...ids, ...changes }),
    );

    expect(made.result).toEqual(ids);
    expect(server.requests).toEqual([]);
  });

  it('sends nothing for an order that is gone', async () => {
    const server = await partner(201, JSON.stringify(ids));

    const made = await attempt(server.url, newRecord({ run_id: 'run-0' }), first, null);

    expect(made.failure).toMatchObject({ type: 'OrderNeedsReview', nonRetryable: true });
    expect(server.requests).toEqual([]);
  });

  it('does not repeat what support staff asked for once, after the life of the key', async () => {
    const server = await partner(201, JSON.stringify(ids));
    const record = newRecord({
      run_id: 'run-0',
      key_deadline: fromNow(-1),
      maybe_sent_before: true,
      asked_by_support: true,
    });

    const made = await attempt(server.url, record);

    expect(detailsOf(made)).toEqual({ outcome: 'maybeSent', maybe_sent: true });
    expect(server.requests).toEqual([]);
  });
});

describe('an operator’s reset of the activity', () => {
  it('does not make an old word of *not sent* true again, however the numbers of attempts fall', async () => {
    const record = newRecord();
    const { url } = await partner(429);
    // Three attempts got the answer 429. The fourth was cut off and left no note. Then the operator reset the activity.
    let word = await notSentWordOf(3, record);

    for (const number of [1, 2, 3, 4, 5]) {
      const made = await attempt(url, record, later(number, word));
      expect(detailsOf(made)).toMatchObject({ outcome: 'notSent', maybe_sent: true });
      word = made.heartbeats.at(-1);
    }
  });
});

describe('the time for an order that may have been sent', () => {
  const maybeSent = { maybe_sent: true, code: 'RideNDineUnavailable' };

  it('is over with the life of its key: nothing is sent, and nobody can tell whether RideNDine has it', async () => {
    const server = await partner(201, '{"ridendine_order_id":"r-1","payment_session_id":"p-1"}');

    const made = await attempt(server.url, newRecord({ key_deadline: fromNow(-1) }), later(9, maybeSent));

    expect(made.failure).toMatchObject({ type: 'RideNDineUnavailable', nonRetryable: true });
    expect(detailsOf(made)).toEqual({ outcome: 'maybeSent', maybe_sent: true });
    expect(server.requests).toEqual([]);
  });

  it('does not bind a call that support staff ask for', async () => {
    const server = await partner(201, '{"ridendine_order_id":"r-1","payment_session_id":"p-1"}');
    const record = newRecord({ key_deadline: fromNow(-1), maybe_sent_before: true, asked_by_support: true });

    const { result } = await attempt(server.url, record);

    expect(result).toEqual({ ridendine_order_id: 'r-1', payment_session_id: 'p-1' });
  });

  it('does not bind an order that was never sent: no key can be forgotten that nobody has seen', async () => {
    const server = await partner(201, '{"ridendine_order_id":"r-1","payment_session_id":"p-1"}');

    const { result } = await attempt(server.url, newRecord({ key_deadline: fromNow(-1) }));

    expect(result).toEqual({ ridendine_order_id: 'r-1', payment_session_id: 'p-1' });
  });
});

describe('the time for an order that was never sent', () => {
  it('is over with the quote: nothing is sent, and no order can have come of it', async () => {
    const server = await partner(201, '{"ridendine_order_id":"r-1","payment_session_id":"p-1"}');

    const made = await attempt(server.url, newRecord({ not_sent_deadline: fromNow(-1) }));

    expect(made.failure).toMatchObject({ type: 'QuoteExpired', nonRetryable: true });
    expect(detailsOf(made)).toEqual({ outcome: 'notSent', maybe_sent: false });
    expect(server.requests).toEqual([]);
  });

  it('being over, the failure says why it was not sent in time', async () => {
    const record = newRecord();
    const word = await notSentWordOf(1, record);
    const server = await partner(201);

    const made = await attempt(server.url, { ...record, not_sent_deadline: fromNow(-1) }, later(2, word));

    expect(made.failure).toMatchObject({ type: 'RideNDineRateLimited', nonRetryable: true });
    expect(detailsOf(made)).toEqual({ outcome: 'notSent', maybe_sent: false });
    expect(server.requests).toEqual([]);
  });

  it.each<[string, AttemptInfo, Partial<PartnerCall>]>([
    ['of this run', later(2), {}],
    ['of an earlier run', first, { maybe_sent_before: true }],
  ])('does not matter once an attempt %s may have sent it', async (_what, info, changes) => {
    const server = await partner(201, '{"ridendine_order_id":"r-1","payment_session_id":"p-1"}');

    const { result } = await attempt(server.url, newRecord({ not_sent_deadline: fromNow(-1), ...changes }), info);

    expect(result).toEqual({ ridendine_order_id: 'r-1', payment_session_id: 'p-1' });
  });
});

describe('the pause before the next attempt', () => {
  it.each([429, 503])('is what the partner asks for with %i', async (status) => {
    const { url } = await partner(status, '{}', { 'retry-after': '7' });

    const { failure } = await attempt(url, newRecord());

    expect(failure?.nextRetryDelay).toBe(7000);
  });

  it.each([
    ['0', 1],
    ['0', 6],
    ['1', 3],
    ['29', 6],
  ])('is the usual one where RideNDine asks for less: Retry-After %s, attempt %i', async (retryAfter, number) => {
    const { url } = await partner(503, '{}', { 'retry-after': retryAfter });

    const { failure } = await attempt(url, newRecord(), number === 1 ? first : later(number));

    expect(failure?.nextRetryDelay).toBeUndefined();
  });

  it('is the longer one of what RideNDine asks for and what our configuration takes', async () => {
    const { url } = await partner(401, '{}', { 'retry-after': '1' });

    const { failure } = await attempt(url, newRecord());

    expect(failure?.nextRetryDelay).toBe(10_000);
  });

  it('is never longer than the time that is left for an order that was not sent', async () => {
    const { url } = await partner(429, '{}', { 'retry-after': '3600' });

    const { failure } = await attempt(url, newRecord({ not_sent_deadline: fromNow(60_000) }));

    expect(failure?.nextRetryDelay).toBeGreaterThan(0);
    expect(failure?.nextRetryDelay).toBeLessThanOrEqual(60_000);
  });

  it('leaves time for a last attempt before the key grows too old', async () => {
    const { url } = await partner(503, '{}', { 'retry-after': '3600' });

    const { failure } = await attempt(url, newRecord({ key_deadline: fromNow(72_000) }));

    expect(failure?.nextRetryDelay).toBeGreaterThan(50_000);
    expect(failure?.nextRetryDelay).toBeLessThanOrEqual(60_000);
  });

  it('ends with the life of the key where no time is left for another call', async () => {
    const { url } = await partner(503, '{}', { 'retry-after': '3600' });

    const { failure } = await attempt(url, newRecord({ key_deadline: fromNow(8000) }));

    expect(failure?.nextRetryDelay).toBeGreaterThan(0);
    expect(failure?.nextRetryDelay).toBeLessThanOrEqual(8000);
  });

  it.each([
    [1, 10_000],
    [2, 20_000],
    [5, 160_000],
    [6, 300_000],
    [5000, 300_000],
  ])('grows while our configuration is wrong, up to 5 minutes: attempt %i', async (number, pauseMs) => {
    const { url } = await partner(401);

    const { failure } = await attempt(url, newRecord(), number === 1 ? first : later(number));

    expect(failure?.nextRetryDelay).toBe(pauseMs);
  });
});
