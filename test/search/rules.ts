import { cancelReplies } from '../../src/contract/updates.ts';
import { orderFields } from '../../src/integrations/directus/collections.ts';
import { GRACE_MS, KEY_MS, MARGIN_MS } from './pace.ts';
import { callsFor, isLinked, isTakenOver, keyOf, madeFor, rowOf } from './observations.ts';
import type { Observations, Answer, SupportRequest } from './observations.ts';
import type { Row } from './directus-model.ts';
import { provenNothing } from './ridendine-model.ts';
import type { PartnerCall, PartnerOutcome } from './ridendine-model.ts';
import type { OrderVersion, Trouble, World } from './world.ts';

/** @returns a sentence for each rule that an order breaks. The rules know nothing about how the product works. */
export function brokenRules(observed: Observations): string[] {
  return [
    ...observed.stuck,
    ...everyRowHasItsKey(observed),
    ...everyPartnerOrderHasItsRow(observed),
    ...noCallIsMadeInAPause(observed),
    ...observed.world.keys.flatMap((_id, key) => rulesOfOneKey(observed, key)),
  ];
}

function everyRowHasItsKey({ world }: Observations): string[] {
  const keys = world.directus.orders().map((row) => String(row[orderFields.idempotencyKey]));
  return [
    ...(keys.every((key) => world.keys.includes(key)) ? [] : ['An order has a key that no checkout has given.']),
    ...(new Set(keys).size === keys.length ? [] : ['A key has several orders.']),
  ];
}

function everyPartnerOrderHasItsRow({ world }: Observations): string[] {
  const known = new Set(world.directus.orders().map(keyOf));
  const strange = [...world.ridendine.calls, ...world.ridendine.orders].some(({ key }) => !known.has(key));
  return strange ? ['RideNDine was asked for an order that Directus does not have.'] : [];
}

/** An attempt checks for a pause at most this long before its call. */
const LOOKED_BEFORE_MS = 500;

function noCallIsMadeInAPause({ world: { pauses, ridendine } }: Observations): string[] {
  const isMade = pauses.some(({ from, to }) =>
    ridendine.calls.some(({ at }) => at > from + LOOKED_BEFORE_MS && at < to),
  );
  return isMade ? ['RideNDine was asked while calls to it were paused.'] : [];
}

function rulesOfOneKey(observed: Observations, key: number): string[] {
  const row = rowOf(observed.world, key);
  return [
    ...(row ? rulesOfOrder(observed, key, row) : []),
    ...observed.answers
      .filter((answer) => answer.key === key)
      .flatMap((answer) => rulesOfAnswer(observed, answer, row)),
    ...observed.requests
      .filter((request) => request.key === key)
      .flatMap((request) => rulesOfSupportRequest(observed, request, row)),
    ...oneFirstAnswer(observed, key),
  ];
}

function rulesOfOrder(observed: Observations, key: number, row: Row): string[] {
  const { world } = observed;
  const calls = callsFor(world, row);
  const made = madeFor(world, row);
  const status = String(row[orderFields.status]);
  const history = historyOf(world, row);
  const broken: string[] = [];
  const say = (sentence: string) => broken.push(`Key ${key}: ${sentence}`);

  if (hasNoRetryOfItsOwn(observed, key, row, made.slice(1))) say(`RideNDine has ${made.length} orders.`);
  if (calls.some(({ body }) => body !== row[orderFields.ridendineRequest]))
    say('RideNDine was sent other bytes than those that are stored.');
  if (hasNoRetryOfItsOwn(observed, key, row, lateCalls(calls, row)))
    say('RideNDine was asked after it may have forgotten the key, and nobody wanted it.');
  if (isFirstAskedTooLate(observed, key, row, calls)) say('RideNDine was first asked after the quote and its grace.');
  const endedEarly = history.filter((entry) => hasEnded(entry) && mayHave(calls, entry.at));
  const isAbandoned = mayBeDecided(observed, key, 'abandon') || isLeftAbandoned(observed, key);
  if (!isAbandoned && endedEarly.some((entry) => !isPutBack(observed, key, entry)))
    say('The order has ended although RideNDine may have it.');
  const hasLostQuote = isQuoteLost(observed, key, row);
  if (history.some((entry) => hasEnded(entry) !== (entry.quote === null) && !(hasLostQuote && entry.quote === null)))
    say('The order keeps the quote though it has ended, or its quote is free though it is live.');
  if (status === 'NEEDS_REVIEW') say('The order still waits for people who have decided by what RideNDine has.');
  if (status === 'PENDING_PAYMENT' && !isLinked(row)) say('The order is not linked, and nobody carries it.');
  if (isLinked(row) && ![...made, ...linksGiven(observed, key)].some((ids) => hasIds(row, ids)))
    say('The order has ids that RideNDine has not given it.');
  if (isSentAfterItFailed(observed, key, calls))
    say('RideNDine was asked after the last caller was told that the order has failed.');
  if (new Set(history.flatMap(({ ridendineOrderId }) => ridendineOrderId ?? [])).size > 1)
    say('The ids of a linked order were replaced.');
  if (isAskedAfterCancellation(observed, key, calls))
    say('RideNDine was asked again after somebody had asked to cancel.');
  if (goesOnAfterPeopleEndedIt(observed, key, calls, history)) say('The order went on after people had ended it.');
  if (observed.paid.has(key) && status !== 'CONFIRMED') say(`A later phase had the order, and it is ${status} again.`);
  if (row[orderFields.failureCode] === 'OrderNeedsReview' && status === 'FAILED' && !isAbandoned)
    say('The order was given up, and nobody has decided that.');
  if (status === 'CANCELLED' && !mayBeDecided(observed, key, 'cancel', 'request cancellation'))
    say('The order is cancelled, and nobody has asked for it.');
  return broken;
}

/** All versions of the order, from the first one to the one at the end. */
function historyOf({ history }: World, row: Row): OrderVersion[] {
  const last = {
    at: Infinity,
    id: String(row['id']),
    status: String(row[orderFields.status]),
    quote: (row[orderFields.activeQuoteId] as string | null) ?? null,
    ridendineOrderId: (row[orderFields.ridendineOrderId] as string | null) ?? null,
  };
  return [...history.filter(({ id }) => id === last.id), last];
}

function mayHave(calls: PartnerCall[], time: number): boolean {
  return calls.some(({ at, outcome }) => at <= time && mayHaveArrived(outcome));
}

function mayHaveArrived(outcome: PartnerOutcome): boolean {
  return !provenNothing.some((one) => one === outcome);
}

/** When RideNDine may be asked for the last time, if a call may have arrived before. */
function keyDeadlineOf(row: Row): number {
  return Date.parse(String(row[orderFields.dateCreated])) + KEY_MS - MARGIN_MS;
}

/** Calls that were made after a call that may have arrived, and when RideNDine may have forgotten the key. */
function lateCalls(calls: PartnerCall[], row: Row): PartnerCall[] {
  const first = calls.findIndex(({ outcome }) => mayHaveArrived(outcome));
  const afterThat = first === -1 ? [] : calls.slice(first + 1);
  return afterThat.filter(({ at }) => at > keyDeadlineOf(row) + MARGIN_MS / 2);
}

/** Whether an event has no retry of its own, which people decided before the event and after the key's deadline. */
function hasNoRetryOfItsOwn({ requests }: Observations, key: number, row: Row, events: { at: number }[]): boolean {
  const isLate = ({ to }: SupportRequest) => to >= keyDeadlineOf(row);
  const retries = requests
    .filter((request) => mayBe(request, key, 'retry') && isLate(request))
    .toSorted((a, b) => a.from - b.from);
  return events.some(({ at }) => {
    const retry = retries.shift();
    return retry === undefined || retry.from > at;
  });
}

/** An attempt that begins in time reaches RideNDine within this time, even on a slow machine. */
const ON_ITS_WAY_MS = 2000;

/**
 * Whether RideNDine was first asked after the quote and its grace. Does not count an order that another run has taken
 * over, and a run that is unsure: a run that does not know that nothing was sent may ask until the key's deadline.
 */
function isFirstAskedTooLate(observed: Observations, key: number, row: Row, calls: PartnerCall[]): boolean {
  const { quotes, partnerAttempts, unsureRuns } = observed.world;
  const [first] = calls;
  const quote = quotes.find(({ id }) => id === row[orderFields.quoteId]);
  if (!first || !quote || isTakenOver(observed, key) || mayBeDecided(observed, key, 'retry')) return false;
  const before = partnerAttempts.filter((attempt) => attempt.key === key && attempt.at <= first.at);
  const asking = before.at(-1);
  if (asking !== undefined && unsureRuns.has(asking.runId)) return false;
  const attempts = before.filter(({ runId }) => runId === asking?.runId);
  // On a slow machine an attempt may be lost before it begins. Then its run does not know that nothing was sent. A pause
  // of the calls ends the step, and the next step counts its attempts anew.
  if (attempts.some(({ number }, index) => number > 1 && attempts[index - 1]?.number !== number - 1)) return false;
  return (asking ?? first).at > quote.expiresAt + GRACE_MS;
}

/** Whether people may have asked for this. A reset can lose the answer, so an unknown answer counts. */
function mayBe(request: SupportRequest, key: number, ...what: SupportRequest['what'][]): boolean {
  return request.key === key && what.includes(request.what) && request.accepted !== false;
}

function mayBeDecided({ requests }: Observations, key: number, ...what: SupportRequest['what'][]): boolean {
  return requests.some((request) => mayBe(request, key, ...what));
}

/**
 * Decisions to abandon that the run refused because Directus did not confirm them. Directus may have stored them all the
 * same: the run then puts the order back in review.
 */
function unconfirmed({ requests }: Observations, key: number): SupportRequest[] {
  return requests.filter(
    (request) =>
      request.key === key &&
      request.what === 'abandon' &&
      request.accepted === false &&
      request.reply.includes('Directus did not confirm the decision'),
  );
}

/** Whether an order that ended by such a decision was put back. Directus may not answer for a long time before. */
function isPutBack(observed: Observations, key: number, { at }: OrderVersion): boolean {
  return at !== Infinity && unconfirmed(observed, key).some(({ from }) => from <= at);
}

/** Whether another checkout took the quote before the order was put back. */
function isQuoteLost(observed: Observations, key: number, row: Row): boolean {
  const { history } = observed.world;
  const isOther = ({ id, quote }: OrderVersion) => id !== row['id'] && quote === row[orderFields.quoteId];
  return history.some(isOther) && unconfirmed(observed, key).length > 0;
}

/** Whether the run was taken away before it could put the order back: then the decision that Directus stored stands. */
function isLeftAbandoned(observed: Observations, key: number): boolean {
  return isTakenOver(observed, key) && unconfirmed(observed, key).length > 0;
}

/** The ids that people may have linked the order to. Some decisions are refused after their ids were saved. */
function linksGiven({ requests }: Observations, key: number): NonNullable<SupportRequest['ids']>[] {
  return requests.flatMap(({ key: of, accepted, reply, ids }) =>
    of === key && ids && (accepted !== false || /The ids (are|may be) saved/.test(reply)) ? [ids] : [],
  );
}

function hasIds(row: Row, ids: NonNullable<SupportRequest['ids']>): boolean {
  return (
    row[orderFields.ridendineOrderId] === ids.ridendine_order_id &&
    row[orderFields.paymentSessionId] === ids.payment_session_id
  );
}

/** These failures belong to another checkout and say nothing about this order. */
const ofAnotherCheckout = new Set(['IdempotencyKeyReused', 'QuoteAlreadyUsed']);

/** The run could not read or write the order: one that an earlier run has left goes on. */
const saysNothingOfTheOrder = new Set(['DirectusRejected', 'DirectusUnavailable']);

function isSentAfterItFailed(observed: Observations, key: number, calls: { at: number }[]): boolean {
  const { answers, reset } = observed;
  const own = answers.filter((answer) => answer.key === key && !answer.isLookUp);
  const last = own.toSorted((a, b) => a.to - b.to).at(-1);
  if (last?.said.kind !== 'failed' || ofAnotherCheckout.has(last.said.code) || reset.has(key)) return false;
  if (saysNothingOfTheOrder.has(last.said.code) && isTakenOver(observed, key)) return false;
  return !mayBeDecided(observed, key, 'retry') && calls.some(({ at }) => at > last.to);
}

/** Whether attempts went on though somebody had asked to cancel, and nobody wanted another attempt. */
function isAskedAfterCancellation(observed: Observations, key: number, calls: { at: number }[]): boolean {
  if (isTakenOver(observed, key)) return false;
  const own = observed.requests.filter((request) => request.key === key);
  // A cancellation refused in review does not count: no attempts are made there.
  const asked = own.find(
    ({ what, accepted, reply }) =>
      (what === 'cancel' && (accepted === true || reply.includes(cancelReplies.created))) ||
      (what === 'request cancellation' && accepted === true),
  );
  if (asked?.learned === undefined) return false;
  // While Temporal does not answer, the worker cannot make it hold back the next attempt. A worker that dies may take the
  // task to hold it back with it: Temporal gives the task to another worker when its time is over.
  const { troubles } = observed.world;
  const isLate = ({ outcome, at }: Trouble) => at >= asked.from - (outcome.startsWith('dies') ? ON_ITS_WAY_MS : 0);
  if (troubles.some((one) => one.key === key && one.with === 'temporal' && isLate(one))) return false;
  const wishes = [
    ...own.filter((request) => mayBe(request, key, 'retry') && request.to >= asked.from - ON_ITS_WAY_MS),
    ...observed.answers.filter((one) => one.key === key && !one.isLookUp && one.from >= asked.from - 100),
  ];
  const isWanted = (at: number) => wishes.some(({ from }) => from <= at);
  // A machine that is slow to deliver the request is as slow to hold the attempts back.
  const slowness = 5 * (asked.learned - asked.from);
  const held = asked.learned + Math.max(ON_ITS_WAY_MS, slowness);
  // The first attempt may have been scheduled before the request reached the run.
  return calls.slice(1).some(({ at }) => at > held && !isWanted(at));
}

function goesOnAfterPeopleEndedIt(
  { requests, reset }: Observations,
  key: number,
  calls: { at: number }[],
  history: OrderVersion[],
): boolean {
  const ending = requests.find((request) => request.key === key && request.accepted === true && isEnding(request));
  if (!ending || reset.has(key)) return false;
  const isLater = ({ at }: { at: number }) => at > ending.to;
  return calls.some(isLater) || history.some((entry) => isLater(entry) && !hasEnded(entry));
}

function rulesOfAnswer(observed: Observations, answer: Answer, row: Row | undefined): string[] {
  const { key, said } = answer;
  const who = `Key ${key}, ${answer.isLookUp ? 'a look-up' : `a checkout of quote ${answer.quote}`}`;
  switch (said.kind) {
    case 'succeeded': {
      if (!row) return [`${who}: it has succeeded, and there is no order.`];
      const others = observed.answers.filter(
        (other) =>
          other.key === key &&
          !other.isLookUp &&
          !answer.isLookUp &&
          other.said.kind === 'succeeded' &&
          (other.payload !== answer.payload || other.quote !== answer.quote),
      );
      return [
        ...(isShownTruly(said, row) ? [] : [`${who}: the ids that were shown are not those of the order.`]),
        ...(others.length > 0 ? [`${who}: the key has succeeded for two checkouts.`] : []),
        ...(endedByPeopleBefore(observed, key, answer.from) ? [`${who}: it succeeds after people had ended it.`] : []),
      ];
    }
    case 'in progress': {
      // Callers see ids while these are being saved. If another order has them, people may decide for other ids.
      const mayBeOther = observed.requests.some(
        (request) => request.ids && request.key === key && request.accepted !== false,
      );
      return [
        ...(mayBeOther || isShownTruly(said, row ?? {})
          ? []
          : [`${who}: an id was shown that the order does not have.`]),
        ...(goesOn.has(said.stage) && endedByPeopleBefore(observed, key, answer.from) && !observed.reset.has(key)
          ? [`${who}: it is ${said.stage} after people had ended it.`]
          : []),
      ];
    }
    case 'failed':
      return isTrue(observed, answer, said.code) ? [] : [`${who}: it failed as ${said.code}, which is not so.`];
    case 'error':
      if (said.code === 'TemporalUnavailable')
        return isTakenOver(observed, key) || observed.isSwept ? [] : [`${who}: Temporal was there all the time.`];
      if (said.code === 'OrderNotFound' && answer.isLookUp)
        return foundNothing(observed, answer) ? [] : [`${who}: not found.`];
      return [`${who}: ${said.code}.`];
  }
}

/** Stages in which an order is on its way to RideNDine or back. */
const goesOn = new Set(['CREATING_RIDENDINE_ORDER', 'SAVING_LINK', 'LINKED']);

/** Whether the ids that were shown are those that the order has in the end. */
function isShownTruly(
  ids: { orderId: string | undefined; ridendineOrderId: string | undefined; paymentSessionId: string | undefined },
  row: Row,
): boolean {
  const pairs = [
    // A run shows its order's id before the order is written.
    [ids.orderId, row['id'] ?? ids.orderId],
    [ids.ridendineOrderId, row[orderFields.ridendineOrderId]],
    [ids.paymentSessionId, row[orderFields.paymentSessionId]],
  ];
  return pairs.every(([shown, stored]) => shown === undefined || shown === stored);
}

/** Whether it is true that there is no order: no checkout with the key was answered before, or its run was removed. */
function foundNothing({ answers, deleted }: Observations, { key, from }: Answer): boolean {
  return deleted.has(key) || !answers.some((other) => other.key === key && !other.isLookUp && other.to < from);
}

/** The outcomes of a call that each failure code stands for. Any trouble may end as `RideNDineUnavailable`. */
const callsThatMean: Record<string, PartnerOutcome[]> = {
  RideNDineRejected: ['refused', 'notFound'],
  RideNDineUnauthorized: ['unauthorized', 'redirected', 'seeOther', 'noApi'],
  RideNDineRateLimited: ['limited'],
  RideNDineContractBroken: ['garbage'],
};

/** Whether the failure that a caller was told was true. */
function isTrue(observed: Observations, answer: Answer, code: string): boolean {
  const { world, answers, requests, reset, terminated } = observed;
  const { key, to } = answer;
  const quote = world.quotes[answer.quote];
  const isAny = (...what: SupportRequest['what'][]) =>
    requests.some((request) => request.from <= to && mayBe(request, key, ...what));
  const troubles = world.troubles.filter((trouble) => trouble.key === key && trouble.at <= to);
  const troubled = (from: string, outcomes?: string[]) =>
    troubles.some((one) => one.with === from && (outcomes === undefined || outcomes.includes(one.outcome)));
  switch (code) {
    case 'QuoteAlreadyUsed':
      return isQuoteTaken(observed, answer);
    case 'IdempotencyKeyReused':
      // A look-up never tells about a refused run, unless no other run is left.
      if (answer.isLookUp) return isTakenOver(observed, key);
      return answers.some(
        (other) =>
          other.key === key &&
          !other.isLookUp &&
          other.from <= to &&
          (other.payload !== answer.payload || other.quote !== answer.quote),
      );
    case 'OrderCancelled':
      return isAny('cancel', 'request cancellation');
    case 'OrderNeedsReview':
      return isAny('abandon') || reset.has(key) || terminated.has(key) || isLeftAbandoned(observed, key);
    case 'QuoteExpired':
      return answer.isLookUp || (quote !== undefined && quote.expiresAt <= to);
    case 'DirectusRejected':
      return troubled('directus', ['rejected', 'lagging']);
    case 'DirectusUnavailable':
      return troubled('directus') || troubled('temporal');
    case 'RideNDineUnavailable':
      return troubled('partner');
    default:
      return troubled('partner', callsThatMean[code] ?? []);
  }
}

/** Whether another order had the quote at some time since the first checkout with this key. */
function isQuoteTaken({ world, answers }: Observations, { key, quote, isLookUp, to }: Answer): boolean {
  const own = answers.filter((other) => other.key === key && !other.isLookUp);
  const quotes = new Set((isLookUp ? own.map((other) => other.quote) : [quote]).map((one) => world.quotes[one]?.id));
  const from = Math.min(...own.map((other) => other.from));
  return world.history.some((entry, index) => {
    const next = world.history.slice(index + 1).find(({ id }) => id === entry.id);
    const isThen = entry.at <= to && (next?.at ?? Infinity) >= from;
    return isThen && entry.id !== rowOf(world, key)?.['id'] && quotes.has(entry.quote ?? undefined);
  });
}

/** Whether people had ended the order for good by then, and were told so. */
function endedByPeopleBefore({ requests }: Observations, key: number, time: number): boolean {
  return requests.some(
    (request) => request.key === key && request.accepted === true && request.to < time && isEnding(request),
  );
}

/** Whether an accepted request has ended the order. */
function isEnding({ what, reply }: SupportRequest): boolean {
  return what === 'abandon' || (what === 'cancel' && reply === cancelReplies.cancelled);
}

function rulesOfSupportRequest(observed: Observations, request: SupportRequest, row: Row | undefined): string[] {
  const { key, id, what, accepted, reply, from, to } = request;
  if (what === 'request cancellation') return [];
  const who = `Key ${key}, "${what}"`;
  if (accepted === undefined) {
    // While its workers die, a run does not receive requests. A cancellation is answered once Directus has stored it.
    const isHeldUp = observed.world.troubles.some(
      ({ key: of, with: where, outcome, at }) =>
        of === key && (where === 'directus' || outcome.startsWith('dies')) && at >= from && at <= to,
    );
    const isTakenAway = isTakenOver(observed, key) || (isHeldUp && /deadline/i.test(reply));
    return isTakenAway ? [] : [`${who}: nobody was told what came of it: ${reply}`];
  }
  if (!accepted) return [];
  if (what === 'malformed') return [`${who}: it was accepted.`];
  if (!row) return [`${who}: it was accepted, and there is no order that says so.`];
  const actions = (row[orderFields.supportActions] as { id: string }[] | null) ?? [];
  const times = actions.filter((action) => action.id === id).length;
  const isRecorded = times === 1 || (times === 0 && reply === cancelReplies.notRecorded);
  return [
    ...(isRecorded ? [] : [`${who}: it was accepted, and is recorded ${times} times.`]),
    ...(isEnding(request) && !hasEnded({ status: String(row[orderFields.status]) })
      ? [`${who}: it ended the order, which is ${String(row[orderFields.status])} again.`]
      : []),
    ...(request.ids && !hasIds(row, request.ids) && !observed.reset.has(key)
      ? [`${who}: it was accepted, and the order has other ids.`]
      : []),
    ...(what === 'retry' && !isTriedAgain(observed, request, row)
      ? [`${who}: it was accepted, and RideNDine was not asked again.`]
      : []),
  ];
}

/** Whether RideNDine was asked after a retry, or there was a reason not to. */
function isTriedAgain(observed: Observations, { key, from }: SupportRequest, row: Row): boolean {
  if (isLinked(row) || isTakenOver(observed, key)) return true;
  const isStopped = observed.requests.some(
    (request) => request.from >= from && mayBe(request, key, 'cancel', 'request cancellation', 'abandon'),
  );
  return isStopped || callsFor(observed.world, row).some(({ at }) => at >= from);
}

/** At most one caller with a key may be told that it began the order. The others joined it. */
function oneFirstAnswer({ answers }: Observations, key: number): string[] {
  const first = answers.filter(
    ({ key: other, isLookUp, said }) => other === key && !isLookUp && said.kind === 'succeeded' && !said.replayed,
  );
  return first.length > 1 ? [`Key ${key}: ${first.length} callers were told that they began the order.`] : [];
}

function hasEnded({ status }: { status: string }): boolean {
  return status === 'FAILED' || status === 'CANCELLED';
}
