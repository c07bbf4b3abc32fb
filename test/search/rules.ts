import { cancelReplies } from '../../src/contract/updates.ts';
import { orderFields } from '../../src/integrations/directus/collections.ts';
import { GRACE_MS, KEY_MS, MARGIN_MS } from './pace.ts';
import { callsFor, isLinked, keyOf, madeFor, rowOf } from './account.ts';
import type { Account, Answer, Word } from './account.ts';
import type { Row } from './directus-model.ts';
import { provenNothing } from './ridendine-model.ts';
import type { PartnerCall, PartnerOutcome } from './ridendine-model.ts';
import type { Standing, World } from './world.ts';

/** What must hold of every order, whatever happens. It knows nothing of how the product does it. */
export function brokenRules(account: Account): string[] {
  return [
    ...account.stuck,
    ...everyRowHasItsKey(account),
    ...everyPartnerOrderHasItsRow(account),
    ...account.world.keys.flatMap((_id, key) => rulesOfOneKey(account, key)),
  ];
}

function everyRowHasItsKey({ world }: Account): string[] {
  const keys = world.directus.orders().map((row) => String(row[orderFields.idempotencyKey]));
  return [
    ...(keys.every((key) => world.keys.includes(key)) ? [] : ['An order has a key that no checkout has given.']),
    ...(new Set(keys).size === keys.length ? [] : ['A key has several orders.']),
  ];
}

function everyPartnerOrderHasItsRow({ world }: Account): string[] {
  const known = new Set(world.directus.orders().map(keyOf));
  const strange = [...world.ridendine.calls, ...world.ridendine.orders].some(({ key }) => !known.has(key));
  return strange ? ['RideNDine was asked for an order that Directus does not have.'] : [];
}

function rulesOfOneKey(account: Account, key: number): string[] {
  const row = rowOf(account.world, key);
  return [
    ...(row ? rulesOfOrder(account, key, row) : []),
    ...account.answers.filter((answer) => answer.key === key).flatMap((answer) => rulesOfAnswer(account, answer, row)),
    ...account.words.filter((word) => word.key === key).flatMap((word) => rulesOfWord(account, word, row)),
    ...oneFirstAnswer(account, key),
  ];
}

function rulesOfOrder(account: Account, key: number, row: Row): string[] {
  const { world } = account;
  const calls = callsFor(world, row);
  const made = madeFor(world, row);
  const status = String(row[orderFields.status]);
  const history = historyOf(world, row);
  const broken: string[] = [];
  const say = (sentence: string) => broken.push(`Key ${key}: ${sentence}`);

  if (hasNoRetryOfItsOwn(account, key, row, made.slice(1))) say(`RideNDine has ${made.length} orders.`);
  if (calls.some(({ body }) => body !== row[orderFields.ridendineRequest]))
    say('RideNDine was sent other bytes than those that are stored.');
  if (hasNoRetryOfItsOwn(account, key, row, lateCalls(calls, row)))
    say('RideNDine was asked after it may have forgotten the key, and nobody wanted it.');
  if (isFirstAskedTooLate(account, key, row, calls)) say('RideNDine was first asked after the quote and its grace.');
  if (!mayBeDecided(account, key, 'abandon') && history.some((entry) => hasEnded(entry) && mayHave(calls, entry.at)))
    say('The order has ended although RideNDine may have it.');
  if (history.some((entry) => hasEnded(entry) !== (entry.quote === null)))
    say('The order keeps the quote though it has ended, or its quote is free though it is live.');
  if (status === 'NEEDS_REVIEW') say('The order still waits for people who have decided by what RideNDine has.');
  if (status === 'PENDING_PAYMENT' && !isLinked(row)) say('The order is not linked, and nobody carries it.');
  if (isLinked(row) && ![...made, ...linksGiven(account, key)].some((ids) => hasIds(row, ids)))
    say('The order has ids that RideNDine has not given it.');
  if (isSentAfterItFailed(account, key, calls))
    say('RideNDine was asked after the last caller was told that the order has failed.');
  if (new Set(history.flatMap(({ ridendineOrderId }) => ridendineOrderId ?? [])).size > 1)
    say('The ids of a linked order were replaced.');
  if (isAskedAfterCancellation(account, key, calls))
    say('RideNDine was asked again after somebody had asked to cancel.');
  if (goesOnAfterPeopleEndedIt(account, key, calls, history)) say('The order went on after people had ended it.');
  if (account.paid.has(key) && status !== 'CONFIRMED') say(`A later phase had the order, and it is ${status} again.`);
  if (row[orderFields.failureCode] === 'OrderNeedsReview' && status === 'FAILED') {
    if (!mayBeDecided(account, key, 'abandon')) say('The order was given up, and nobody has decided that.');
  }
  if (status === 'CANCELLED' && !mayBeDecided(account, key, 'cancel', 'request cancellation'))
    say('The order is cancelled, and nobody has asked for it.');
  return broken;
}

/** How the order has stood from its first version to the one at the end. */
function historyOf({ history }: World, row: Row): Standing[] {
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

/** Calls that came after RideNDine may have forgotten the key, and after one that may have arrived. */
function lateCalls(calls: PartnerCall[], row: Row): PartnerCall[] {
  const first = calls.findIndex(({ outcome }) => mayHaveArrived(outcome));
  const afterThat = first === -1 ? [] : calls.slice(first + 1);
  return afterThat.filter(({ at }) => at > keyDeadlineOf(row) + MARGIN_MS / 2);
}

/** Whether one of these events comes without a retry of its own that people decided after the key's deadline. */
function hasNoRetryOfItsOwn({ words }: Account, key: number, row: Row, events: { at: number }[]): boolean {
  const isLate = ({ to }: Word) => to >= keyDeadlineOf(row);
  const retries = words.filter((word) => mayBe(word, key, 'retry') && isLate(word)).toSorted((a, b) => a.from - b.from);
  return events.some(({ at }) => {
    const retry = retries.shift();
    return retry === undefined || retry.from > at;
  });
}

/** An attempt that begins in time reaches RideNDine within this time, even on a slow machine. */
const ON_ITS_WAY_MS = 2000;

/** A run that takes an order over does not know that nothing was sent, and may ask until the key's deadline. */
function isFirstAskedTooLate(account: Account, key: number, row: Row, calls: PartnerCall[]): boolean {
  const [first] = calls;
  const quote = account.world.quotes.find(({ id }) => id === row[orderFields.quoteId]);
  if (!first || !quote || isTakenOver(account, key) || mayBeDecided(account, key, 'retry')) return false;
  return first.at > quote.expiresAt + GRACE_MS + ON_ITS_WAY_MS;
}

/** Whether the key's run was taken away, so that another one goes on with the order. */
function isTakenOver({ reset, terminated, deleted }: Account, key: number): boolean {
  return reset.has(key) || terminated.has(key) || deleted.has(key);
}

/** Whether people may have asked for this. A reset can lose the answer, so an unknown answer counts. */
function mayBe(word: Word, key: number, ...what: Word['what'][]): boolean {
  return word.key === key && what.includes(word.what) && word.accepted !== false;
}

function mayBeDecided({ words }: Account, key: number, ...what: Word['what'][]): boolean {
  return words.some((word) => mayBe(word, key, ...what));
}

/** The ids that people may have linked the order to. */
function linksGiven({ words }: Account, key: number): NonNullable<Word['ids']>[] {
  return words.flatMap((word) => (word.key === key && word.accepted !== false && word.ids ? [word.ids] : []));
}

function hasIds(row: Row, ids: NonNullable<Word['ids']>): boolean {
  return (
    row[orderFields.ridendineOrderId] === ids.ridendine_order_id &&
    row[orderFields.paymentSessionId] === ids.payment_session_id
  );
}

/** These failures belong to another checkout and say nothing about this order. */
const ofAnotherCheckout = new Set(['IdempotencyKeyReused', 'QuoteAlreadyUsed']);

function isSentAfterItFailed(account: Account, key: number, calls: { at: number }[]): boolean {
  const { answers, reset } = account;
  const own = answers.filter((answer) => answer.key === key && !answer.isLookUp);
  const last = own.toSorted((a, b) => a.to - b.to).at(-1);
  if (last?.said.kind !== 'failed' || ofAnotherCheckout.has(last.said.code) || reset.has(key)) return false;
  return !mayBeDecided(account, key, 'retry') && calls.some(({ at }) => at > last.to);
}

/** Whether attempts went on though somebody had asked to cancel, and nobody wanted another attempt. */
function isAskedAfterCancellation(account: Account, key: number, calls: { at: number }[]): boolean {
  if (isTakenOver(account, key)) return false;
  const own = account.words.filter((word) => word.key === key);
  // A cancellation refused in review does not count: no attempts are made there.
  const asked = own.find(
    ({ what, accepted, said }) =>
      (what === 'cancel' && (accepted === true || said.includes(cancelReplies.created))) ||
      (what === 'request cancellation' && accepted === true),
  );
  if (!asked) return false;
  const isWanted =
    own.some((word) => mayBe(word, key, 'retry') && word.to >= asked.from - ON_ITS_WAY_MS) ||
    account.answers.some((answer) => answer.key === key && !answer.isLookUp && answer.from >= asked.from - 100);
  // The first attempt may have been scheduled before the request reached the run.
  return !isWanted && calls.slice(1).some(({ at }) => at > asked.from + ON_ITS_WAY_MS);
}

function goesOnAfterPeopleEndedIt(
  { words, reset }: Account,
  key: number,
  calls: { at: number }[],
  history: Standing[],
): boolean {
  const ending = words.find((word) => word.key === key && word.accepted === true && isEnding(word));
  if (!ending || reset.has(key)) return false;
  const isLater = ({ at }: { at: number }) => at > ending.to;
  return calls.some(isLater) || history.some((entry) => isLater(entry) && !hasEnded(entry));
}

function rulesOfAnswer(account: Account, answer: Answer, row: Row | undefined): string[] {
  const { key, said } = answer;
  const who = `Key ${key}, ${answer.isLookUp ? 'a look-up' : `a checkout of quote ${answer.quote}`}`;
  switch (said.kind) {
    case 'succeeded': {
      if (!row) return [`${who}: it has succeeded, and there is no order.`];
      const others = account.answers.filter(
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
        ...(endedByPeopleBefore(account, key, answer.from) ? [`${who}: it succeeds after people had ended it.`] : []),
      ];
    }
    case 'in progress': {
      // RideNDine's answer is shown while it is saved. If another order has these ids, people decide for others.
      const mayBeOther = account.words.some((word) => word.ids && word.key === key && word.accepted !== false);
      return [
        ...(mayBeOther || isShownTruly(said, row ?? {})
          ? []
          : [`${who}: an id was shown that the order does not have.`]),
        ...(goesOn.has(said.stage) && endedByPeopleBefore(account, key, answer.from) && !account.reset.has(key)
          ? [`${who}: it is ${said.stage} after people had ended it.`]
          : []),
      ];
    }
    case 'failed':
      return isTrue(account, answer, said.code) ? [] : [`${who}: it failed as ${said.code}, which is not so.`];
    case 'error':
      if (said.code === 'TemporalUnavailable')
        return isTakenOver(account, key) || account.isSwept ? [] : [`${who}: Temporal was there all the time.`];
      if (said.code === 'OrderNotFound' && answer.isLookUp)
        return foundNothing(account, answer) ? [] : [`${who}: not found.`];
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
    // A run names its order before that is written.
    [ids.orderId, row['id'] ?? ids.orderId],
    [ids.ridendineOrderId, row[orderFields.ridendineOrderId]],
    [ids.paymentSessionId, row[orderFields.paymentSessionId]],
  ];
  return pairs.every(([shown, stored]) => shown === undefined || shown === stored);
}

/** Nobody had an answer for a checkout before, or its run was removed. */
function foundNothing({ answers, deleted }: Account, { key, from }: Answer): boolean {
  return deleted.has(key) || !answers.some((other) => other.key === key && !other.isLookUp && other.to < from);
}

/** The outcomes of a call to RideNDine that have this meaning. Any trouble may end as `RideNDineUnavailable`. */
const callsThatMean: Record<string, PartnerOutcome[]> = {
  RideNDineRejected: ['refused', 'notFound'],
  RideNDineUnauthorized: ['unauthorized', 'redirected', 'seeOther', 'noApi'],
  RideNDineRateLimited: ['limited'],
  RideNDineContractBroken: ['garbage'],
};

/** Whether what a caller was told was so. */
function isTrue(account: Account, answer: Answer, code: string): boolean {
  const { world, answers, words, reset, terminated } = account;
  const { key, to } = answer;
  const quote = world.quotes[answer.quote];
  const isAny = (...what: Word['what'][]) => words.some((word) => word.from <= to && mayBe(word, key, ...what));
  const troubles = world.troubles.filter((trouble) => trouble.key === key && trouble.at <= to);
  const troubled = (from: string, outcomes?: string[]) =>
    troubles.some((one) => one.with === from && (outcomes === undefined || outcomes.includes(one.outcome)));
  switch (code) {
    case 'QuoteAlreadyUsed':
      return isQuoteTaken(account, answer);
    case 'IdempotencyKeyReused':
      // A run that was refused is never what a look-up tells, unless it is all that is left.
      if (answer.isLookUp) return isTakenOver(account, key);
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
      return isAny('abandon') || reset.has(key) || terminated.has(key);
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
function isQuoteTaken({ world, answers }: Account, { key, quote, isLookUp, to }: Answer): boolean {
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
function endedByPeopleBefore({ words }: Account, key: number, time: number): boolean {
  return words.some((word) => word.key === key && word.accepted === true && word.to < time && isEnding(word));
}

/** Of a word that was accepted: whether the order has ended with it. */
function isEnding({ what, said }: Word): boolean {
  return what === 'abandon' || (what === 'cancel' && said === cancelReplies.cancelled);
}

function rulesOfWord(account: Account, word: Word, row: Row | undefined): string[] {
  const { key, id, what, accepted, said, from, to } = word;
  if (what === 'request cancellation') return [];
  const who = `Key ${key}, "${what}"`;
  if (accepted === undefined) {
    // While its workers die, a run hears nothing.
    const hasWorkerDied = account.world.troubles.some(
      (trouble) => trouble.key === key && trouble.outcome.startsWith('dies') && trouble.at >= from && trouble.at <= to,
    );
    const isTakenAway = isTakenOver(account, key) || (hasWorkerDied && /deadline/i.test(said));
    return isTakenAway ? [] : [`${who}: nobody was told what came of it: ${said}`];
  }
  if (!accepted) return [];
  if (what === 'malformed') return [`${who}: it was accepted.`];
  if (!row) return [`${who}: it was accepted, and there is no order that says so.`];
  const actions = (row[orderFields.supportActions] as { id: string }[] | null) ?? [];
  const times = actions.filter((action) => action.id === id).length;
  const isRecorded = times === 1 || (times === 0 && said === cancelReplies.notRecorded);
  return [
    ...(isRecorded ? [] : [`${who}: it was accepted, and is recorded ${times} times.`]),
    ...(isEnding(word) && !hasEnded({ status: String(row[orderFields.status]) })
      ? [`${who}: it ended the order, which is ${String(row[orderFields.status])} again.`]
      : []),
    ...(word.ids && !hasIds(row, word.ids) && !account.reset.has(key)
      ? [`${who}: it was accepted, and the order has other ids.`]
      : []),
    ...(what === 'retry' && !isTriedAgain(account, word, row)
      ? [`${who}: it was accepted, and RideNDine was not asked again.`]
      : []),
  ];
}

/** Whether RideNDine was asked after a retry, or there was a reason not to. */
function isTriedAgain(account: Account, { key, from }: Word, row: Row): boolean {
  if (isLinked(row) || isTakenOver(account, key)) return true;
  const isStopped = account.words.some(
    (word) => word.from >= from && mayBe(word, key, 'cancel', 'request cancellation', 'abandon'),
  );
  return isStopped || callsFor(account.world, row).some(({ at }) => at >= from);
}

/** Of all callers with a key one has begun the order; the others joined it. */
function oneFirstAnswer({ answers }: Account, key: number): string[] {
  const first = answers.filter(
    ({ key: other, isLookUp, said }) => other === key && !isLookUp && said.kind === 'succeeded' && !said.replayed,
  );
  return first.length > 1 ? [`Key ${key}: ${first.length} callers were told that they began the order.`] : [];
}

function hasEnded({ status }: { status: string }): boolean {
  return status === 'FAILED' || status === 'CANCELLED';
}
