import * as fc from 'fast-check';
import { outcomesOf } from './directus-model.ts';
import type { DirectusOutcome, DirectusRequestKind } from './directus-model.ts';
import { partnerOutcomes } from './ridendine-model.ts';
import type { PartnerOutcome } from './ridendine-model.ts';

/** How many idempotency keys and quotes a schedule has. It refers to them by number. */
export const KEYS = 3;
const QUOTES = 2;

/**
 * Everything that happens to a few orders. Actions start in this order, and none waits for the answer of another.
 * `read: [a, b]` decides about the first two reads, `later` about all others. After the last action all requests
 * succeed.
 */
export interface Schedule {
  /** How long each quote lasts. */
  quotes: ('lasting' | 'brief')[];
  directus: Record<DirectusRequestKind, DirectusOutcome[]> & { later: DirectusOutcome };
  partner: { first: PartnerOutcome[]; later: PartnerOutcome };
  /** The outcomes of the first calls of steps to Temporal. Later calls succeed. */
  temporal: TemporalOutcome[];
  actions: Action[];
}

/** `unavailable`: nothing is done; `diesBefore`, `diesAfter`: the worker dies before or after the call is made. */
export const temporalOutcomes = ['ok', 'unavailable', 'diesBefore', 'diesAfter'] as const;
export type TemporalOutcome = (typeof temporalOutcomes)[number];

export type Action =
  /**
   * `payload`: the same key with another payload is another checkout. `keyring`: the encryption key with which the
   * caller writes.
   */
  | { do: 'checkout'; key: number; quote: number; payload: number; keyring: number }
  | { do: 'lookUp'; key: number }
  | { do: 'cancel'; key: number; by: 'update' | 'temporal' }
  | { do: 'decide'; key: number; decision: Decision; twice: boolean }
  | { do: 'terminate' | 'deleteRun' | 'pauseActivity' | 'resetActivity'; key: number }
  | { do: 'reset'; key: number; to: 'begin' | 'end' }
  /** In Directus: a later phase takes payment, a person changes the note, a person writes RideNDine's ids by hand. */
  | { do: 'pay' | 'editNote' | 'writeLink'; key: number }
  /** `replaceWorker`: the other build of the workers takes over all open runs. It encrypts with the other key. */
  | { do: 'sweep' | 'replaceWorker' | 'pauseCalls' | 'resumeCalls' }
  | { do: 'wait'; until: Pause };

/**
 * `linkTrue` gives RideNDine's ids, if RideNDine has the order; `linkOfAnother` those of another order, if there is
 * one; `linkInvented` invented ids; `linkUnchecked` ids unlike RideNDine's, without saying that they were checked.
 */
export type Decision =
  'retry' | 'abandon' | 'linkTrue' | 'linkOfAnother' | 'linkInvented' | 'linkUnchecked' | 'malformed';

/**
 * `answered`: until all decisions and cancellations so far are answered; `deadline`: until no attempt may be made any
 * more; `forgotten`: until RideNDine has forgotten the key.
 */
export type Pause =
  | 'moment'
  | 'while'
  | 'settled'
  | 'askingPartner'
  | 'beforeNextAttempt'
  | 'nextAttempt'
  | 'inReview'
  | 'answered'
  | 'quoteOver'
  | 'deadline'
  | 'forgotten';

const key = fc.nat({ max: KEYS - 1 });
const number = (count: number) => fc.nat({ max: count - 1 });

const checkout = fc.record({
  do: fc.constant('checkout' as const),
  // Mostly the same customer clicks again.
  key: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: key }),
  quote: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: number(QUOTES) }),
  payload: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: number(2) }),
  keyring: number(2),
});
const usualKey = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: key });
const toRun = <Name extends string>(...names: Name[]) => fc.record({ do: fc.constantFrom(...names), key: usualKey });

const always = (name: 'sweep' | 'replaceWorker' | 'pauseCalls' | 'resumeCalls') => fc.constant({ do: name });

const wait = (...pauses: [Pause, ...Pause[]]) =>
  fc.record({ do: fc.constant('wait' as const), until: fc.constantFrom(...pauses) });

const cancel = fc.record({
  do: fc.constant('cancel' as const),
  key: usualKey,
  by: fc.constantFrom('update' as const, 'temporal' as const),
});

const decide = fc.record({
  do: fc.constant('decide' as const),
  key: usualKey,
  decision: fc.constantFrom<Decision[]>(
    'retry',
    'retry',
    'abandon',
    'abandon',
    'linkTrue',
    'linkOfAnother',
    'linkInvented',
    'linkUnchecked',
    'malformed',
  ),
  twice: fc.boolean(),
});

const reset = fc.record({ do: fc.constant('reset' as const), key: usualKey, to: fc.constantFrom('begin', 'end') });

const alone = (arbitrary: fc.Arbitrary<Action>) => arbitrary.map((each) => [each]);
const one = (weight: number, arbitrary: fc.Arbitrary<Action>) => ({ weight, arbitrary: alone(arbitrary) });
const inTurn = (weight: number, ...arbitraries: fc.Arbitrary<Action>[]) => ({
  weight,
  arbitrary: fc.tuple(...arbitraries),
});

/** One action, or a few that only make sense one after the other. */
const actions: fc.Arbitrary<Action[]> = fc.oneof(
  one(6, checkout),
  one(1, toRun('lookUp')),
  one(2, cancel),
  inTurn(2, wait('askingPartner'), cancel),
  one(1, decide),
  inTurn(7, wait('inReview'), decide),
  one(2, toRun('terminate', 'deleteRun')),
  inTurn(3, wait('askingPartner'), toRun('pauseActivity', 'resetActivity', 'terminate')),
  inTurn(1, wait('settled'), toRun('deleteRun'), checkout),
  one(1, reset),
  inTurn(1, wait('settled'), reset, checkout),
  inTurn(2, cancel, wait('settled'), checkout),
  one(2, toRun('pay', 'editNote')),
  inTurn(1, wait('inReview'), toRun('writeLink'), decide),
  inTurn(1, wait('askingPartner'), toRun('writeLink'), toRun('pay')),
  one(2, fc.oneof(always('sweep'), always('replaceWorker'))),
  one(1, always('pauseCalls')),
  inTurn(1, always('pauseCalls'), checkout, wait('askingPartner'), always('resumeCalls')),
  one(4, wait('moment', 'while')),
  one(5, wait('settled')),
  one(1, wait('quoteOver', 'deadline', 'forgotten')),
);

const script = <Outcome extends string>(outcomes: readonly [Outcome, ...Outcome[]], maxLength: number) =>
  fc.array(
    fc.oneof(
      { weight: 2, arbitrary: fc.constant(outcomes[0]) },
      { weight: 1, arbitrary: fc.constantFrom(...outcomes) },
    ),
    { maxLength },
  );

const usually = <Outcome>(usual: Outcome, weight: number, ...others: [Outcome, ...Outcome[]]) =>
  fc.oneof(
    { withCrossShrink: true },
    { weight, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

const partnerTrouble = fc.constantFrom(...partnerOutcomes.filter((outcome) => outcome !== 'ok'));

type PartnerScript = fc.Arbitrary<Schedule['partner']>;

const troubleThenOk: PartnerScript = fc.record({
  first: script(partnerOutcomes, 5),
  later: fc.constant('ok' as const),
});

/** RideNDine may have the order, and later answers do not tell whether it has. */
const troubleThenRefused: PartnerScript = fc.record({
  first: fc
    .tuple(fc.array(partnerTrouble, { maxLength: 2 }), fc.constantFrom('refused', 'refused', 'lost'))
    .map((outcomes) => outcomes.flat()),
  later: usually('refused', 2, 'ok', 'unavailable', 'notSent', 'lost', 'unauthorized', 'notFound'),
});

/** RideNDine makes the order, and its worker dies before it leaves a note. The other first calls make nothing. */
const unheardThenRefused: PartnerScript = fc.record({
  first: fc
    .tuple(
      fc.array(fc.constantFrom('notSent', 'limited'), { maxLength: 1 }),
      fc.constant('diesAfter'),
      fc.constantFrom('refused', 'refused', 'notFound', 'notSent'),
    )
    .map((outcomes) => outcomes.flat()),
  later: usually('refused', 2, 'ok', 'notSent'),
});

/** Directus writes an order after the caller has given up. Before the write it may refuse another attempt. */
const lateOrder = fc
  .constantFrom<DirectusOutcome[]>('rejected', 'rejected', ...outcomesOf('insert'))
  .map((next): DirectusOutcome[] => ['late', next]);

/** Mostly a wait, so that the first checkout makes progress before anything else happens. */
const firstWait: fc.Arbitrary<Action[]> = fc.oneof(
  { withCrossShrink: true },
  { weight: 1, arbitrary: fc.constant<Action[]>([]) },
  one(4, wait('moment', 'while', 'settled')),
  one(1, wait('askingPartner', 'inReview')),
);

const firstCheckout = checkout.map((action) => ({ ...action, key: 0 }));

/** Usual schedules. Smaller ones have fewer actions and fewer troubles. */
const usual: fc.Arbitrary<Schedule> = fc.record({
  quotes: fc.array(fc.constantFrom('lasting' as const, 'lasting' as const, 'lasting' as const, 'brief' as const), {
    minLength: QUOTES,
    maxLength: QUOTES,
  }),
  directus: fc.record({
    read: script(outcomesOf('read'), 6),
    insert: fc.oneof(
      { withCrossShrink: true },
      { weight: 3, arbitrary: script(outcomesOf('insert'), 3) },
      { weight: 3, arbitrary: fc.array(fc.constantFrom(...outcomesOf('insert')), { maxLength: 2 }) },
      { weight: 1, arbitrary: lateOrder },
    ),
    update: script(outcomesOf('update'), 6),
    later: usually<DirectusOutcome>('ok', 12, 'unavailable', 'notSent', 'timeout'),
  }),
  partner: fc.oneof({ withCrossShrink: true }, troubleThenOk, troubleThenRefused),
  temporal: script(temporalOutcomes, 4),
  actions: fc
    .tuple(firstCheckout, firstWait, fc.array(actions, { maxLength: 8 }))
    .map(([first, second, rest]): Action[] => [first, ...second, ...rest.flat()]),
});

/** Rarely draws `smallest`. If it never did, fast-check would not try `smallest` when it makes a violation smaller. */
const shrinksTo = <Value>(smallest: Value, arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.option(arbitrary, { nil: smallest, freq: 20 });

const partnerWithoutTrouble: Schedule['partner'] = { first: [], later: 'ok' };

/** Actions before a usual schedule. Any of them can be left out, because a usual schedule begins with a checkout. */
const beginning = (...parts: fc.Arbitrary<Action>[]): fc.Arbitrary<Action[]> =>
  fc.tuple(...parts.map((part) => shrinksTo<Action[]>([], alone(part)))).map((actionsOfParts) => actionsOfParts.flat());

/** An attempt leaves no note, and the step is reset before or during the next attempt. */
const resetAfterSilence: fc.Arbitrary<Schedule> = fc
  .record({
    schedule: usual,
    partner: shrinksTo(partnerWithoutTrouble, unheardThenRefused),
    begin: beginning(
      firstCheckout,
      wait('beforeNextAttempt', 'nextAttempt'),
      fc.constant<Action>({ do: 'resetActivity', key: 0 }),
      fc.oneof(wait('settled'), cancel),
    ),
  })
  .map(({ schedule, partner, begin }) => ({ ...schedule, partner, actions: [...begin, ...schedule.actions] }));

/** Directus writes what people decide, but does not answer until people are told that it did not write it. */
const decisionWithoutAnswer: fc.Arbitrary<Schedule> = fc
  .record({
    schedule: usual,
    partner: shrinksTo(partnerWithoutTrouble, troubleThenRefused),
    directus: shrinksTo<Schedule['directus']>(
      { read: [], insert: [], update: [], later: 'ok' },
      fc.record({
        read: fc.constant(Array<DirectusOutcome>(6).fill('ok')),
        insert: fc.constant<DirectusOutcome[]>(['ok']),
        update: fc.constantFrom<DirectusOutcome[]>(['ok', 'lost'], ['ok', 'late']),
        later: fc.constantFrom<DirectusOutcome>('unavailable', 'timeout'),
      }),
    ),
    begin: beginning(
      firstCheckout,
      wait('inReview'),
      decide.map((action) => ({ ...action, key: 0 })),
      wait('answered'),
    ),
  })
  .map(({ schedule, begin, ...troubles }) => ({
    ...schedule,
    ...troubles,
    actions: [...begin, ...schedule.actions],
  }));

/** Somebody cancels an order that RideNDine does not take for a long time, and no caller asks for it again. */
const cancelledInAnOutage: fc.Arbitrary<Schedule> = fc
  .record({
    schedule: usual,
    partner: shrinksTo(
      partnerWithoutTrouble,
      fc.record({
        first: fc.constant([]),
        later: fc.constantFrom('unavailable', 'notSent', 'limited', 'unauthorized'),
      }),
    ),
    actions: beginning(
      firstCheckout,
      wait('askingPartner'),
      cancel.map((action) => ({ ...action, key: 0 })),
      wait('settled'),
    ),
  })
  .map(({ schedule, ...cancelled }) => ({ ...schedule, ...cancelled }));

/** Mostly usual schedules. A few begin with a situation that usual schedules hardly ever reach. */
const drawn = fc.oneof(
  { withCrossShrink: true },
  { weight: 24, arbitrary: usual },
  { weight: 2, arbitrary: resetAfterSilence },
  { weight: 1, arbitrary: decisionWithoutAnswer },
  { weight: 1, arbitrary: cancelledInAnOutage },
);

/** If a schedule waits for the end of a quote, its quotes are brief. */
export const anySchedule: fc.Arbitrary<Schedule> = drawn.map((schedule) => {
  const isQuoteAwaited = schedule.actions.some((action) => action.do === 'wait' && action.until === 'quoteOver');
  return isQuoteAwaited ? { ...schedule, quotes: schedule.quotes.map(() => 'brief' as const) } : schedule;
});
