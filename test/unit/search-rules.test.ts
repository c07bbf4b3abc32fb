import { describe, expect, it } from '@jest/globals';
import { orderFields } from '../../src/integrations/directus/collections.ts';
import { ridendineIdempotencyKey } from '../../src/integrations/ridendine/order-body.ts';
import { cancelReplies } from '../../src/contract/updates.ts';
import { newObservations } from '../search/observations.ts';
import type { Observations, Answer, SupportRequest } from '../search/observations.ts';
import type { Row } from '../search/directus-model.ts';
import type { PartnerCall, PartnerOrder } from '../search/ridendine-model.ts';
import { brokenRules } from '../search/rules.ts';
import type { OrderVersion, Trouble, World } from '../search/world.ts';

// Each test makes an account by hand with one thing wrong, and names the rule that must report it.

const T = Date.parse('2030-01-01T00:00:00Z');
const key = '11111111-1111-4111-8111-111111111111';
const id = '22222222-2222-4222-8222-222222222222';
const partnerKey = ridendineIdempotencyKey(id);
const ids = { ridendine_order_id: 'rnd_1', payment_session_id: 'ps_1' };
const otherIds = { ridendine_order_id: 'rnd_2', payment_session_id: 'ps_2' };
const linked = { [orderFields.ridendineOrderId]: 'rnd_1', [orderFields.paymentSessionId]: 'ps_1' };
const recorded = { [orderFields.supportActions]: [{ id: 'request' }] };
const HOUR = 3_600_000;

const row = (fields: Row = {}): Row => ({
  id,
  [orderFields.idempotencyKey]: key,
  [orderFields.quoteId]: 'quote-1',
  [orderFields.activeQuoteId]: 'quote-1',
  [orderFields.status]: 'PENDING_PAYMENT',
  [orderFields.dateCreated]: new Date(T).toISOString(),
  [orderFields.ridendineRequest]: 'body',
  ...fields,
});
const ended = (status: 'FAILED' | 'CANCELLED', fields: Row = {}) =>
  row({ [orderFields.status]: status, [orderFields.activeQuoteId]: null, ...fields });
const made = (fields: Partial<PartnerOrder> = {}): PartnerOrder => ({
  key: partnerKey,
  body: 'body',
  at: T,
  ...ids,
  ...fields,
});
const call = (fields: Partial<PartnerCall> = {}): PartnerCall => ({
  key: partnerKey,
  body: 'body',
  at: T + 50,
  outcome: 'ok',
  ...fields,
});
const answer = (said: Answer['said'], fields: Partial<Answer> = {}): Answer => ({
  key: 0,
  quote: 0,
  payload: 0,
  from: T,
  to: T + 100,
  isLookUp: false,
  said,
  ...fields,
});
const failed = (code: string, fields?: Partial<Answer>) => answer({ kind: 'failed', code }, fields);
const succeeded = (fields: object = {}) =>
  answer({
    kind: 'succeeded',
    orderId: id,
    ridendineOrderId: 'rnd_1',
    paymentSessionId: 'ps_1',
    replayed: false,
    ...fields,
  });
const request = (fields: Partial<SupportRequest>): SupportRequest => ({
  key: 0,
  id: 'request',
  what: 'cancel',
  from: T + 10,
  to: T + 20,
  learned: T + 15,
  accepted: true,
  reply: '',
  ...fields,
});
const version = (at: number, status: string, fields: Partial<OrderVersion> = {}): OrderVersion => ({
  at,
  id,
  status,
  quote: status === 'FAILED' ? null : 'quote-1',
  ridendineOrderId: null,
  ...fields,
});
const trouble = (fields: Partial<Trouble> = {}): Trouble => ({
  at: T + 10,
  key: 0,
  with: 'directus',
  outcome: 'unavailable',
  ...fields,
});

interface Seen extends Partial<Omit<Observations, 'world'>> {
  rows?: Row[];
  orders?: PartnerOrder[];
  calls?: PartnerCall[];
  history?: OrderVersion[];
  troubles?: Trouble[];
  partnerAttempts?: World['partnerAttempts'];
  unsureRuns?: string[];
  pauses?: World['pauses'];
}

/** The account of a linked order without any trouble. Arguments replace parts of it. */
function accountOf({
  rows = [row(linked)],
  orders = [made()],
  calls = [call()],
  history = [],
  troubles = [],
  partnerAttempts = calls.map(({ at }, index) => ({ at, key: 0, runId: 'run', number: index + 1 })),
  unsureRuns = [],
  pauses = [],
  ...seen
}: Seen): Observations {
  const world = {
    keys: [key],
    quotes: [
      { id: 'quote-1', expiresAt: T + HOUR },
      { id: 'quote-2', expiresAt: T + HOUR },
    ],
    directus: { orders: () => rows },
    ridendine: { orders, calls },
    history,
    troubles,
    partnerAttempts,
    unsureRuns: new Set(unsureRuns),
    pauses,
  } as unknown as World;
  return { ...newObservations(world), ...seen };
}

const nothing = { rows: [], orders: [], calls: [] };
const unsent = { orders: [], calls: [] };
const attemptsAfter = Array.from({ length: 9 }, (_none, index) =>
  call({ at: T + 3000 + index * 200, outcome: index < 8 ? 'notSent' : 'ok' }),
);

const refusedByDirectus = {
  answers: [failed('DirectusRejected')],
  troubles: [trouble({ outcome: 'rejected' })],
  calls: [call({ at: T + 500 })],
};
const unconfirmed = request({ what: 'abandon', accepted: false, reply: 'Directus did not confirm the decision.' });
const abandoned = ended('FAILED', { [orderFields.failureCode]: 'OrderNeedsReview' });

/** Accounts of trouble that break no rule. */
const held: [string, Seen][] = [
  [
    'a request to cancel that has no answer while Directus is down',
    {
      requests: [request({ accepted: undefined, reply: 'Deadline exceeded' })],
      troubles: [trouble({ at: T + 15 })],
    },
  ],
  ['an order that a run left before Directus refused the next one', { ...refusedByDirectus, terminated: new Set([0]) }],
  [
    'a decision that Directus stored and did not confirm, if the order was put back',
    { requests: [unconfirmed], history: [version(T + 15, 'PENDING_PAYMENT'), version(T + HOUR, 'FAILED')] },
  ],
  [
    'such a decision that stands because the run was taken away',
    {
      ...unsent,
      rows: [abandoned],
      requests: [unconfirmed],
      deleted: new Set([0]),
      answers: [failed('OrderNeedsReview')],
    },
  ],
  [
    'such an order that lost its quote to another checkout',
    {
      requests: [unconfirmed],
      history: [
        version(T + 15, 'PENDING_PAYMENT'),
        version(T + 30, 'FAILED'),
        version(T + 40, 'PENDING_PAYMENT', { id: 'other' }),
        version(T + HOUR, 'PENDING_PAYMENT', { quote: null }),
      ],
    },
  ],
  [
    'ids of a refused decision that were saved before',
    {
      rows: [row({ ...linked, [orderFields.ridendineOrderId]: 'rnd_2', [orderFields.paymentSessionId]: 'ps_2' })],
      requests: [request({ what: 'linkInvented', accepted: false, reply: 'The ids are saved.', ids: otherIds })],
    },
  ],
];

const broken: [string, RegExp, Seen][] = [
  ['an order goes on after Directus refused its only run', /after the last caller/, refusedByDirectus],
  [
    'an order that was put back lost its quote, and nobody took it',
    /its quote is free/,
    {
      requests: [unconfirmed],
      history: [version(T + 30, 'FAILED'), version(T + HOUR, 'PENDING_PAYMENT', { quote: null })],
    },
  ],
  [
    'an order is abandoned by a decision that its run has refused',
    /nobody has decided that/,
    { ...unsent, rows: [abandoned], requests: [{ ...unconfirmed, reply: 'No.' }], deleted: new Set([0]) },
  ],
  [
    'the order has the ids of a decision that was refused',
    /has not given it/,
    {
      rows: [row({ ...linked, [orderFields.ridendineOrderId]: 'rnd_2', [orderFields.paymentSessionId]: 'ps_2' })],
      requests: [request({ what: 'linkInvented', accepted: false, reply: 'No.', ids: otherIds })],
    },
  ],
  [
    'RideNDine was called in a pause',
    /while calls to it were paused/,
    { pauses: [{ from: T - 1000, to: T + 1000 }], calls: [call({ at: T })] },
  ],
  ['RideNDine has an order and Directus none', /that Directus does not have/, { rows: [] }],
  [
    'RideNDine was called with another key beside a failed order',
    /that Directus does not have/,
    { rows: [ended('FAILED')], orders: [made({ key: 'other' })], calls: [call({ key: 'other' })] },
  ],
  [
    'an order has a key of no checkout',
    /no checkout has given/,
    { rows: [row({ [orderFields.idempotencyKey]: 'x' })] },
  ],
  ['a key has two orders', /several orders/, { rows: [row(linked), row({ ...linked, id: 'another' })] }],
  ['RideNDine has two orders', /RideNDine has 2 orders/, { orders: [made(), made(otherIds)] }],
  [
    'the bytes sent are not those stored',
    /other bytes/,
    { rows: [row({ ...linked, [orderFields.ridendineRequest]: 'others' })] },
  ],
  ...(['unavailable', 'inProgress', 'noApi', 'reset', 'diesBefore'] as const).map((outcome): [string, RegExp, Seen] => [
    `an order has failed after a call that came to "${outcome}"`,
    /RideNDine may have it/,
    { rows: [ended('FAILED')], orders: [], calls: [call({ outcome })] },
  ]),
  [
    'an order had failed for a while though RideNDine had it',
    /RideNDine may have it/,
    { history: [version(T + 100, 'FAILED'), version(T + 200, 'PENDING_PAYMENT')] },
  ],
  [
    'a live order had lost its quote for a while',
    /its quote is free/,
    { history: [version(T + 1, 'PENDING_PAYMENT', { quote: null }), version(T + 2, 'PENDING_PAYMENT')] },
  ],
  ['an ended order keeps its quote', /keeps the quote/, { rows: [row({ [orderFields.status]: 'FAILED' })], ...unsent }],
  ['an order waits for people', /still waits/, { rows: [row({ ...linked, [orderFields.status]: 'NEEDS_REVIEW' })] }],
  ['an order is carried by nobody', /nobody carries it/, { rows: [row()] }],
  [
    'the order has the payment session of another',
    /has not given it/,
    { rows: [row({ ...linked, [orderFields.paymentSessionId]: 'ps_9' })] },
  ],
  [
    'the order has no payment session',
    /has not given it/,
    { rows: [row({ ...linked, [orderFields.paymentSessionId]: null })] },
  ],
  [
    'the ids of the order were replaced',
    /were replaced/,
    { history: [version(T + 1, 'PENDING_PAYMENT', { ridendineOrderId: 'rnd_0' })] },
  ],
  [
    'an order is called after the key may be forgotten',
    /may have forgotten/,
    { calls: [call({ outcome: 'lost' }), call({ at: T + 11_000 })] },
  ],
  [
    'one retry is decided after five late calls',
    /may have forgotten/,
    {
      rows: [row({ ...linked, ...recorded })],
      requests: [request({ what: 'retry', from: T + 60_000, to: T + 60_010 })],
      calls: [call({ outcome: 'lost' }), ...[11, 12, 13, 14, 15].map((second) => call({ at: T + second * 1000 }))],
    },
  ],
  [
    'two late calls have one late retry',
    /may have forgotten/,
    {
      rows: [row({ ...linked, ...recorded })],
      requests: [request({ what: 'retry', from: T + 10_000, to: T + 10_010 })],
      calls: [call({ outcome: 'lost' }), call({ at: T + 11_000 }), call({ at: T + 12_000 })],
    },
  ],
  ['the first call comes after quote and grace', /first asked after/, { calls: [call({ at: T + HOUR + 10_000 })] }],
  [
    'the last caller was told of a failure, and then RideNDine is asked',
    /after the last caller/,
    {
      answers: [failed('RideNDineRejected')],
      troubles: [trouble({ with: 'partner', outcome: 'refused' })],
      calls: [call({ at: T + 500 })],
    },
  ],
  [
    'attempts go on after somebody has cancelled',
    /after somebody had asked to cancel/,
    { rows: [row({ ...linked, ...recorded })], requests: [request({})], calls: attemptsAfter },
  ],
  [
    'attempts go on after Temporal was asked to cancel',
    /after somebody had asked to cancel/,
    { requests: [request({ what: 'request cancellation' })], calls: attemptsAfter },
  ],
  [
    'an abandoned order is called',
    /went on after people/,
    {
      rows: [ended('FAILED', recorded)],
      requests: [request({ what: 'abandon' })],
      calls: [call({ at: T + 4000 })],
      orders: [made({ at: T + 4000 })],
    },
  ],
  [
    'an abandoned order was live again for a while',
    /went on after people/,
    {
      ...unsent,
      rows: [ended('FAILED', recorded)],
      requests: [request({ what: 'abandon' })],
      history: [version(T + 20, 'FAILED'), version(T + 500, 'PENDING_PAYMENT'), version(T + 900, 'FAILED')],
    },
  ],
  ['a later phase had the order', /A later phase had the order/, { paid: new Set([0]) }],
  [
    'a decision that Directus did not answer stays carried out',
    /ended although/,
    {
      rows: [ended('FAILED')],
      requests: [request({ what: 'abandon', accepted: false, reply: 'Directus did not confirm the decision.' })],
    },
  ],
  [
    'a refused decision to abandon is carried out',
    /nobody has decided that/,
    {
      ...unsent,
      rows: [ended('FAILED', { [orderFields.failureCode]: 'OrderNeedsReview' })],
      requests: [request({ what: 'abandon', accepted: false })],
    },
  ],
  ['an order is cancelled though nobody asked', /nobody has asked for it/, { ...unsent, rows: [ended('CANCELLED')] }],
  [
    'an order is cancelled though the request was refused',
    /nobody has asked for it/,
    { ...unsent, rows: [ended('CANCELLED')], requests: [request({ accepted: false })] },
  ],
  ['a caller was shown other ids', /not those of the order/, { answers: [succeeded({ ridendineOrderId: 'rnd_9' })] }],
  [
    'a caller was shown other ids than people have linked',
    /not those of the order/,
    {
      rows: [row({ ...linked, ...recorded })],
      requests: [request({ what: 'linkInvented', ids })],
      answers: [succeeded({ paymentSessionId: 'ps_9' })],
    },
  ],
  ['a caller succeeded without an order', /there is no order/, { ...nothing, answers: [succeeded()] }],
  [
    'a key succeeded for two checkouts',
    /for two checkouts/,
    { answers: [succeeded(), { ...succeeded({ replayed: true }), payload: 1 }] },
  ],
  ['two callers began the order', /2 callers were told/, { answers: [succeeded(), succeeded()] }],
  [
    'a caller succeeds after the order was abandoned',
    /succeeds after people/,
    { requests: [request({ what: 'abandon' })], answers: [{ ...succeeded(), from: T + 50 }] },
  ],
  ...(['orderId', 'ridendineOrderId', 'paymentSessionId'] as const).map((shown): [string, RegExp, Seen] => [
    `${shown} was shown in progress, and the order has another`,
    /an id was shown/,
    {
      answers: [
        answer({
          kind: 'in progress',
          stage: 'SAVING_LINK',
          orderId: undefined,
          ridendineOrderId: undefined,
          paymentSessionId: undefined,
          [shown]: 'another',
        }),
      ],
    },
  ]),
  [
    'an order is on its way again after it was abandoned',
    /is CREATING_RIDENDINE_ORDER after people/,
    {
      requests: [request({ what: 'abandon' })],
      answers: [
        answer(
          {
            kind: 'in progress',
            stage: 'CREATING_RIDENDINE_ORDER',
            orderId: id,
            ridendineOrderId: undefined,
            paymentSessionId: undefined,
          },
          { from: T + 50 },
        ),
      ],
    },
  ],
  [
    'the only checkout is told that its key is reused, after a look-up',
    /IdempotencyKeyReused, which is not so/,
    {
      ...nothing,
      answers: [
        failed('IdempotencyKeyReused', { quote: 1 }),
        answer({ kind: 'error', code: 'OrderNotFound' }, { isLookUp: true, from: T - 50, to: T - 40 }),
      ],
    },
  ],
  [
    'a look-up tells of a run that was refused',
    /IdempotencyKeyReused, which is not so/,
    { answers: [failed('IdempotencyKeyReused', { isLookUp: true })] },
  ],
  [
    'Temporal is said to be unavailable, and was there',
    /there all the time/,
    { ...nothing, answers: [answer({ kind: 'error', code: 'TemporalUnavailable' })] },
  ],
  [
    'a caller gets an error that nobody knows',
    /TypeError/,
    { answers: [answer({ kind: 'error', code: 'TypeError' })] },
  ],
  [
    'RideNDine is said to have refused, and was never asked',
    /RideNDineRejected, which is not so/,
    {
      ...unsent,
      rows: [ended('FAILED')],
      troubles: [trouble({ key: 1, with: 'partner', outcome: 'refused' })],
      answers: [failed('RideNDineRejected')],
    },
  ],
  [
    'RideNDine is said to have refused, and did something else',
    /RideNDineRejected, which is not so/,
    { troubles: [trouble({ with: 'partner', outcome: 'limited' })], answers: [failed('RideNDineRejected')] },
  ],
  [
    'Directus is said to be unavailable, and that came later and to another order',
    /DirectusUnavailable, which is not so/,
    {
      ...nothing,
      troubles: [trouble({ key: 1 }), trouble({ at: T + 500 })],
      answers: [failed('DirectusUnavailable')],
    },
  ],
  [
    'OrderCancelled is told though the request was refused',
    /OrderCancelled, which is not so/,
    { requests: [request({ accepted: false })], answers: [failed('OrderCancelled')] },
  ],
  [
    'OrderNeedsReview is told, and nobody decided',
    /OrderNeedsReview, which/,
    { answers: [failed('OrderNeedsReview')] },
  ],
  ['QuoteExpired is told too soon', /QuoteExpired, which/, { answers: [failed('QuoteExpired')] }],
  [
    'QuoteAlreadyUsed is told long after the quote was set free',
    /QuoteAlreadyUsed, which is not so/,
    {
      ...nothing,
      history: [version(T - 9000, 'PENDING_PAYMENT', { id: 'other' }), version(T - 8000, 'FAILED', { id: 'other' })],
      answers: [failed('QuoteAlreadyUsed')],
    },
  ],
  [
    'a look-up finds nothing after a caller was answered',
    /not found/,
    {
      answers: [succeeded(), answer({ kind: 'error', code: 'OrderNotFound' }, { isLookUp: true, from: T + 500 })],
    },
  ],
  [
    'a decision has no answer, and the worker of another key died',
    /nobody was told/,
    {
      requests: [request({ what: 'retry', accepted: undefined, reply: 'Deadline exceeded' })],
      troubles: [trouble({ key: 1, outcome: 'diesBefore', at: T + 15 })],
    },
  ],
  [
    'a run closes on a decision, and its worker died',
    /nobody was told/,
    {
      requests: [request({ what: 'retry', accepted: undefined, reply: 'AcceptedUpdateCompletedWorkflow' })],
      troubles: [trouble({ outcome: 'diesBefore', at: T + 15 })],
    },
  ],
  ['a malformed decision is accepted', /it was accepted\./, { requests: [request({ what: 'malformed' })] }],
  [
    'a decision is recorded twice',
    /recorded 2 times/,
    {
      rows: [row({ ...linked, [orderFields.supportActions]: [{ id: 'request' }, { id: 'request' }] })],
      requests: [request({ what: 'retry' })],
    },
  ],
  ['a decision is not recorded', /recorded 0 times/, { requests: [request({ what: 'retry' })] }],
  [
    'a cancelled order is live again',
    /it ended the order/,
    { rows: [row({ ...linked, ...recorded })], requests: [request({ reply: cancelReplies.cancelled })] },
  ],
  [
    'a retry is accepted, and no attempt made',
    /was not asked again/,
    { ...unsent, rows: [ended('FAILED', recorded)], requests: [request({ what: 'retry' })] },
  ],
  [
    'a link is accepted, and the order has other ids',
    /the order has other ids/,
    { rows: [row({ ...linked, ...recorded })], requests: [request({ what: 'linkInvented', ids: otherIds })] },
  ],
];

describe('the rules of the search', () => {
  it('hold for an order that nothing has happened to', () => {
    expect(brokenRules(accountOf({ answers: [succeeded()] }))).toEqual([]);
  });

  it('hold for a request to cancel that is truthfully said to be recorded nowhere', () => {
    expect(brokenRules(accountOf({ requests: [request({ reply: cancelReplies.notRecorded })] }))).toEqual([]);
  });

  it.each([
    ['in the same step', [2]],
    ['in a step that a pause of the calls ended', [2, 1]],
  ])('hold for a late first call whose run has lost an attempt before it began, %s', (_, numbers) => {
    const at = T + HOUR + 10_000;
    const partnerAttempts = numbers.map((number) => ({ at, key: 0, runId: 'run', number }));

    expect(brokenRules(accountOf({ calls: [call({ at })], partnerAttempts }))).toEqual([]);
  });

  it('hold for a late first call whose run is unsure', () => {
    const calls = [call({ at: T + HOUR + 10_000 })];

    expect(brokenRules(accountOf({ calls, unsureRuns: ['run'] }))).toEqual([]);
    expect(brokenRules(accountOf({ calls, unsureRuns: ['another'] })).join('\n')).toMatch(/first asked after/);
  });

  it('are broken by a late first call in a step after another one that has lost no attempt', () => {
    const at = T + HOUR + 10_000;
    const partnerAttempts = [1, 2, 1].map((number) => ({ at, key: 0, runId: 'run', number }));

    expect(brokenRules(accountOf({ calls: [call({ at })], partnerAttempts })).join('\n')).toMatch(/first asked after/);
  });

  it('hold for attempts that go on while the machine is as slow with the request to cancel as with stopping them', () => {
    const seen = { rows: [row({ ...linked, ...recorded })], calls: attemptsAfter };

    for (const learned of [undefined, T + 2000]) {
      expect(brokenRules(accountOf({ ...seen, requests: [request({ learned })] })).join('\n')).not.toMatch(
        /asked to cancel/,
      );
    }
  });

  it.each(held)('hold for %s', (_what, seen) => {
    expect(brokenRules(accountOf(seen))).toEqual([]);
  });

  it.each(broken)('see that %s', (_what, rule, seen) => {
    expect(brokenRules(accountOf(seen)).join('\n')).toMatch(rule);
  });
});
