import { orderFields } from '../../src/integrations/directus/collections.ts';
import { KEY_MS, MARGIN_MS } from './pace.ts';
import { callsFor, isLinked, madeFor, rowOf } from './account.ts';
import type { Account, Answer, Word } from './account.ts';
import type { Row } from './directus-model.ts';
import { provenNothing } from './ridendine-model.ts';
import type { PartnerOutcome } from './ridendine-model.ts';
import type { World } from './world.ts';

/** What must hold of every order, whatever happens. It knows nothing of how the product does it. */
export function brokenRules(account: Account): string[] {
  return [
    ...account.stuck,
    ...oneLiveOrderAQuote(account),
    ...oneRowAKey(account),
    ...account.world.keys.flatMap((_id, key) => rulesOfOneKey(account, key)),
  ];
}

function oneLiveOrderAQuote({ world }: Account): string[] {
  return world.quotes.flatMap(({ id }, quote) => {
    const live = world.directus.orders().filter((row) => row[orderFields.quoteId] === id && !hasEnded(row));
    return live.length > 1 ? [`Quote ${quote} has ${live.length} live orders.`] : [];
  });
}

function oneRowAKey({ world }: Account): string[] {
  return world.keys.flatMap((id, key) => {
    const { length } = world.directus.orders().filter((row) => row[orderFields.idempotencyKey] === id);
    return length > 1 ? [`Key ${key} has ${length} orders.`] : [];
  });
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
  const { world, words } = account;
  const id = String(row['id']);
  const calls = callsFor(world, row);
  const made = madeFor(world, row);
  const own = words.filter((word) => word.key === key);
  const deadline = Date.parse(String(row[orderFields.dateCreated])) + KEY_MS - MARGIN_MS;
  const isRetriedLate = own.some(({ what, accepted, to }) => what === 'retry' && accepted !== false && to >= deadline);
  const isLinkedByHand = mayBeDecided(account, key, 'linkMade');
  const status = String(row[orderFields.status]);
  const broken: string[] = [];
  const say = (sentence: string) => broken.push(`Key ${key}: ${sentence}`);

  if (made.length > 1 && !isRetriedLate) say(`RideNDine has ${made.length} orders.`);
  if (new Set(calls.map(({ body }) => body)).size > 1) say('RideNDine was sent different bodies.');
  const firstThatMayHaveArrived = calls.findIndex(({ outcome }) => mayHaveArrived(outcome));
  const afterThat = firstThatMayHaveArrived === -1 ? [] : calls.slice(firstThatMayHaveArrived + 1);
  const isAskedLate = afterThat.some(({ at }) => at > deadline + MARGIN_MS / 2);
  if (isAskedLate && !isRetriedLate)
    say('RideNDine was asked after it may have forgotten the key, and nobody wanted it.');
  if (hasEnded(row) && made.length > 0 && !mayBeDecided(account, key, 'abandon'))
    say(`The order is ${status}, and RideNDine has it.`);
  if (hasEnded(row) && row[orderFields.activeQuoteId] != null) say(`The order is ${status}, and keeps its quote.`);
  if (!hasEnded(row) && row[orderFields.activeQuoteId] == null) say(`The order is ${status}, and its quote is free.`);
  if (status === 'NEEDS_REVIEW') say('The order still waits for people who have decided by what RideNDine has.');
  if (status === 'PENDING_PAYMENT' && !isLinked(row)) say('The order is not linked, and nobody carries it.');
  if (
    isLinked(row) &&
    !isLinkedByHand &&
    !made.some((order) => order.ridendine_order_id === row[orderFields.ridendineOrderId])
  ) {
    say('The order has ids that RideNDine has not given it.');
  }
  if (isSentAfterItFailed(account, key, calls))
    say('RideNDine was asked after the last caller was told that the order has failed.');
  if (hasChangedItsLink(world, id)) say('The ids of a linked order were replaced.');
  if (isAskedAfterCancellation(account, key, calls))
    say('RideNDine was asked again after somebody had asked to cancel.');
  if (account.paid.has(key) && status !== 'CONFIRMED') say(`A later phase had the order, and it is ${status} again.`);
  return broken;
}

function mayHaveArrived(outcome: PartnerOutcome): boolean {
  return !provenNothing.some((one) => one === outcome);
}

/** Whether people have decided so, as far as anybody knows: who resets a run takes the answer away. */
function mayBeDecided({ words }: Account, key: number, decision: Word['what']): boolean {
  return words.some((word) => word.key === key && word.what === decision && word.accepted !== false);
}

/** Of another checkout's failure the order knows nothing. */
const ofAnotherCheckout = new Set(['IdempotencyKeyReused', 'QuoteAlreadyUsed']);

function isSentAfterItFailed(account: Account, key: number, calls: { at: number }[]): boolean {
  const { answers, reset } = account;
  const own = answers.filter((answer) => answer.key === key && !answer.isLookUp);
  const last = own.toSorted((a, b) => a.to - b.to).at(-1);
  if (last?.said.kind !== 'failed' || ofAnotherCheckout.has(last.said.code) || reset.has(key)) return false;
  return !mayBeDecided(account, key, 'retry') && calls.some(({ at }) => at > last.to);
}

function hasChangedItsLink({ history }: World, id: string): boolean {
  const links = history.filter((entry) => entry.id === id && entry.ridendineOrderId !== null);
  return new Set(links.map(({ ridendineOrderId }) => ridendineOrderId)).size > 1;
}

/** A cancellation that was taken reaches the run within this time, even on a slow machine. */
const REACHES_WITHIN_MS = 2000;

/** Whether attempts went on though somebody had asked to cancel, and nobody wanted another attempt. */
function isAskedAfterCancellation(
  { answers, words, reset, terminated }: Account,
  key: number,
  calls: { at: number }[],
): boolean {
  if (reset.has(key) || terminated.has(key)) return false;
  const own = words.filter((word) => word.key === key);
  // A refusal in review is none of an attempt's: attempts are over.
  const asked = own.find(
    ({ what, accepted, said }) => what === 'cancel' && (accepted === true || said.includes('RideNDine has created')),
  );
  if (!asked) return false;
  const from = asked.from + REACHES_WITHIN_MS;
  const isWanted =
    own.some(({ what, to }) => what === 'retry' && to >= asked.from) ||
    answers.some((answer) => answer.key === key && !answer.isLookUp && answer.from >= asked.from - 100);
  // The first attempt may have been scheduled before the request reached the run.
  return !isWanted && calls.slice(1).some(({ at }) => at > from);
}

function rulesOfAnswer(account: Account, answer: Answer, row: Row | undefined): string[] {
  const { key, said } = answer;
  const about = `Key ${key}, ${answer.isLookUp ? 'a look-up' : `a checkout of quote ${answer.quote}`}`;
  const isLinkedByHand = mayBeDecided(account, key, 'linkMade');
  switch (said.kind) {
    case 'succeeded': {
      if (!row) return [`${about}: it has succeeded, and there is no order.`];
      const isRight =
        row['id'] === said.orderId &&
        row[orderFields.ridendineOrderId] === said.ridendineOrderId &&
        row[orderFields.paymentSessionId] === said.paymentSessionId;
      const others = account.answers.filter(
        (other) =>
          other.key === key &&
          !other.isLookUp &&
          !answer.isLookUp &&
          other.said.kind === 'succeeded' &&
          (other.payload !== answer.payload || other.quote !== answer.quote),
      );
      return [
        ...(isRight || isLinkedByHand ? [] : [`${about}: the ids that were shown are not those of the order.`]),
        ...(others.length > 0 ? [`${about}: the key has succeeded for two checkouts.`] : []),
        ...(endedByPeopleBefore(account, key, answer.from) ? [`${about}: it succeeds after people had ended it.`] : []),
      ];
    }
    case 'in progress':
      return said.ridendineOrderId !== undefined &&
        row?.[orderFields.ridendineOrderId] !== said.ridendineOrderId &&
        !isLinkedByHand
        ? [`${about}: an id was shown that the order does not have.`]
        : [];
    case 'failed':
      return isTrue(account, answer, said.code) ? [] : [`${about}: it failed as ${said.code}, which is not so.`];
    case 'error':
      if (said.code === 'TemporalUnavailable') return [];
      if (said.code === 'OrderNotFound' && answer.isLookUp)
        return foundNothing(account, answer) ? [] : [`${about}: not found.`];
      return [`${about}: ${said.code}.`];
  }
}

/** Nobody had an answer for a checkout before, or its run was removed. */
function foundNothing({ answers, deleted }: Account, { key, from }: Answer): boolean {
  return deleted.has(key) || !answers.some((other) => other.key === key && !other.isLookUp && other.to < from);
}

/** Whether what a caller was told was so. */
function isTrue({ world, answers, words, reset, terminated }: Account, answer: Answer, code: string): boolean {
  const { key, to } = answer;
  const quote = world.quotes[answer.quote];
  const own = words.filter((word) => word.key === key && word.from <= to);
  const isAny = (...what: Word['what'][]) => own.some((word) => what.includes(word.what));
  switch (code) {
    case 'QuoteAlreadyUsed':
      return (
        answer.isLookUp ||
        world.history.some((entry) => entry.quote === quote?.id && entry.id !== rowOf(world, key)?.[orderFields.id])
      );
    case 'IdempotencyKeyReused':
      return answers.some(
        (other) => other.key === key && (other.payload !== answer.payload || other.quote !== answer.quote),
      );
    case 'OrderCancelled':
      return isAny('cancel', 'request cancellation');
    case 'OrderNeedsReview':
      return isAny('abandon') || reset.has(key) || terminated.has(key);
    case 'QuoteExpired':
      return answer.isLookUp || (quote !== undefined && quote.expiresAt <= to);
    default:
      if (code.startsWith('Directus')) return world.troubles.directus > 0;
      return code.startsWith('RideNDine') && world.troubles.partner > 0;
  }
}

/** Whether people had ended the order for good by then, and were told so. */
function endedByPeopleBefore({ words }: Account, key: number, time: number): boolean {
  return words.some((word) => word.key === key && word.accepted === true && word.to < time && isEnding(word));
}

/** Of a word that was accepted: whether the order has ended with it. */
function isEnding({ what, said }: Word): boolean {
  return what === 'abandon' || (what === 'cancel' && said === 'The order is cancelled.');
}

function rulesOfWord(account: Account, word: Word, row: Row | undefined): string[] {
  const { key, id, what, accepted, said } = word;
  if (what === 'request cancellation') return [];
  const about = `Key ${key}, "${what}"`;
  if (accepted === undefined) {
    // Who terminates or resets a run takes the answer away; while its workers die, the run hears nothing.
    const isTakenAway = account.reset.has(key) || account.terminated.has(key) || account.world.troubles.deaths > 0;
    return isTakenAway ? [] : [`${about}: nobody was told what came of it: ${said}`];
  }
  if (!accepted) return [];
  if (what === 'malformed') return [`${about}: it was accepted.`];
  if (!row) return [`${about}: it was accepted, and there is no order that says so.`];
  const actions = (row[orderFields.supportActions] as { id: string }[] | null) ?? [];
  const times = actions.filter((action) => action.id === id).length;
  const status = String(row[orderFields.status]);
  return [
    ...(times === 1 ? [] : [`${about}: it was accepted, and is recorded ${times} times.`]),
    ...(isEnding(word) && !hasEnded(row) ? [`${about}: it ended the order, which is ${status} again.`] : []),
  ];
}

/** Of all callers with a key one has begun the order; the others joined it. */
function oneFirstAnswer({ answers }: Account, key: number): string[] {
  const first = answers.filter(
    ({ key: other, isLookUp, said }) => other === key && !isLookUp && said.kind === 'succeeded' && !said.replayed,
  );
  return first.length > 1 ? [`Key ${key}: ${first.length} callers were told that they began the order.`] : [];
}

function hasEnded(row: Row): boolean {
  return row[orderFields.status] === 'FAILED' || row[orderFields.status] === 'CANCELLED';
}
