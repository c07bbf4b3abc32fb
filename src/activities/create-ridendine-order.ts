import { activityInfo, cancellationSignal, heartbeat, metricMeter } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { AttemptOutcome } from '../domain/attempt-outcome.ts';
import { failureCodes, isFailureCode } from '../domain/failure-codes.ts';
import type { FailureCode } from '../domain/failure-codes.ts';
import { count, observeSeconds } from '../domain/metrics.ts';
import type { StoredOrder } from '../domain/order.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { RideNDineError } from '../integrations/ridendine/errors.ts';
import type { RideNDineClient } from '../integrations/ridendine/ridendine-client.ts';
import { attemptTime } from './clock.ts';
import { directusFailure } from './failures.ts';
import type { OrderCreationActivities, OrderRecord, PartnerFailureDetails } from './order-creation-activities.ts';
import { linkOrUnfinished } from './order-standing.ts';
import { currentRunId } from './run-id.ts';

/**
 * The word that an attempt leaves for the next one, in its heartbeat details: Temporal keeps those, while it shows the
 * workflow only the last failure.
 */
type Word =
  /** Nothing was sent: proven, by this attempt and by all before it. */
  | { maybe_sent: false; attempt: number; code: FailureCode }
  /** Never taken back: whoever finds it sends nothing but the same key and bytes. */
  | { maybe_sent: true; code: FailureCode | null };

const codeSchema = z.custom<FailureCode>(isFailureCode);
const wordSchema: z.ZodType<Word> = z.discriminatedUnion('maybe_sent', [
  z.object({ maybe_sent: z.literal(false), attempt: z.number(), code: codeSchema }),
  z.object({ maybe_sent: z.literal(true), code: codeSchema.nullable() }),
]);

const firstAttempt = { maybe_sent: false, code: 'QuoteExpired' } as const;
const nothingKnown = { maybe_sent: true, code: null } as const;

export function createCreateRideNDineOrder({
  ridendine,
  orders,
}: {
  ridendine: RideNDineClient;
  orders: Pick<OrdersStore, 'findOrderById'>;
}): OrderCreationActivities['createRideNDineOrder'] {
  return async (order) => {
    const isOurs = order.run_id === currentRunId();
    if (!isOurs) {
      // An operator has reset the run that wrote the record: what has become of the order since is not in our history.
      const link = linkOrUnfinished(await find(orders, order.order_id));
      if (link) return link;
    }
    const known = isOurs ? knownOfEarlierAttempts(order) : nothingKnown;
    // What support staff ask for is done once. After a reset, Temporal repeats what they asked for before.
    if (!order.is_asked || !isOurs) refuseWhenTooLate(order, known);
    // Should this attempt be cut off, the word of an older one must not be mistaken for its own.
    if (known.maybe_sent) leaveWord({ maybe_sent: true, code: known.code });
    const startMs = performance.now();
    try {
      const link = await ridendine.createOrder({
        orderId: order.order_id,
        body: order.ridendine_request,
        signal: cancellationSignal(),
      });
      countAttempt({ outcome: 'created', code: 'none' }, startMs);
      return link;
    } catch (error) {
      if (!(error instanceof RideNDineError)) throw error;
      countAttempt(error, startMs);
      const maybeSent = known.maybe_sent || error.outcome === 'maybeSent';
      leaveWord(
        maybeSent
          ? { maybe_sent: true, code: error.code }
          : { maybe_sent: false, attempt: activityInfo().attempt, code: error.code },
      );
      throw partnerFailure(error, order, maybeSent);
    }
  };
}

function countAttempt(
  { outcome, code }: { outcome: AttemptOutcome | 'created'; code: FailureCode | 'none' },
  startMs: number,
): void {
  count(metricMeter, 'partnerAttempts', { outcome, code });
  observeSeconds(metricMeter, 'partnerAttemptDuration', { outcome }, (performance.now() - startMs) / 1000);
}

async function find(orders: Pick<OrdersStore, 'findOrderById'>, orderId: string): Promise<StoredOrder | null> {
  try {
    return await orders.findOrderById(orderId);
  } catch (error) {
    throw directusFailure(error, 'keep-trying');
  }
}

function leaveWord(word: Word): void {
  heartbeat(word);
}

/** A word of *not sent* counts only from the attempt directly before; silence is *maybe sent*. */
function knownOfEarlierAttempts(order: OrderRecord): Pick<Word, 'maybe_sent' | 'code'> {
  const info = activityInfo();
  if (order.maybe_sent_before) return nothingKnown;
  const { heartbeatDetails } = info;
  if (heartbeatDetails != null) {
    // Whoever may write to the namespace may have left something else: no proof that nothing was sent.
    const word = wordSchema.safeParse(heartbeatDetails).data ?? nothingKnown;
    if (word.maybe_sent) return word;
    return word.attempt === info.attempt - 1 ? word : nothingKnown;
  }
  // An operator's reset of the activity counts attempts from one again, and only the schedule betrays it.
  const isFirst = info.attempt === 1 && info.currentAttemptScheduledTimestampMs === info.scheduledTimestampMs;
  return isFirst ? firstAttempt : nothingKnown;
}

function refuseWhenTooLate(order: OrderRecord, known: Pick<Word, 'maybe_sent' | 'code'>): void {
  const now = attemptTime();
  if (known.maybe_sent) {
    if (now < new Date(order.key_deadline)) return;
    throw tooLate(known, 'RideNDine may have forgotten the idempotency key: another call could make a second order.');
  }
  if (now < new Date(order.not_sent_deadline)) return;
  throw tooLate(known, 'The quote ran out before the order could be sent to RideNDine.');
}

function tooLate({ maybe_sent, code }: Pick<Word, 'maybe_sent' | 'code'>, message: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: code ?? 'RideNDineUnavailable',
    message,
    nonRetryable: true,
    details: [{ outcome: maybe_sent ? 'maybeSent' : 'notSent', maybe_sent } satisfies PartnerFailureDetails],
  });
}

function partnerFailure(error: RideNDineError, order: OrderRecord, maybeSent: boolean): ApplicationFailure {
  const nextRetryDelay = retryDelayMs(error, order, maybeSent);
  const details: PartnerFailureDetails = {
    outcome: error.outcome,
    maybe_sent: maybeSent,
    ...(error.status !== undefined && { status: error.status }),
    ...(error.partnerText !== undefined && { partner_text: error.partnerText }),
    tried_until: maybeSent ? order.key_deadline : order.not_sent_deadline,
  };
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: failureCodes[error.code].retry === 'never',
    details: [details],
    ...(nextRetryDelay !== undefined && { nextRetryDelay }),
  });
}

/** Pauses while our configuration is wrong: long enough not to hammer the partner, short enough to notice the cure. */
const SLOW_RETRY_FIRST_MS = 10_000;
const SLOW_RETRY_MAX_MS = 5 * 60_000;

/** The pause before the next attempt; `undefined` for the usual one. However long, it leaves time for a last attempt. */
function retryDelayMs(error: RideNDineError, order: OrderRecord, maybeSent: boolean): number | undefined {
  const pauseMs = error.retryAfterMs ?? slowPauseMs(error.code);
  if (pauseMs === undefined) return undefined;
  const now = attemptTime().getTime();
  const deadline = Date.parse(maybeSent ? order.key_deadline : order.not_sent_deadline);
  const leftMs = maybeSent ? deadline - order.attempt_timeout_ms - now : 0;
  // With no time for another call, if only to find that the time is over, and to say so.
  return Math.min(pauseMs, leftMs > 0 ? leftMs : Math.max(1, deadline - now));
}

function slowPauseMs(code: FailureCode): number | undefined {
  if (failureCodes[code].retry !== 'slowly') return undefined;
  return Math.min(SLOW_RETRY_MAX_MS, SLOW_RETRY_FIRST_MS * 2 ** (activityInfo().attempt - 1));
}
