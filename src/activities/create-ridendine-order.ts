import { activityInfo, heartbeat, metricMeter } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { AttemptOutcome, FailureDetails } from '../domain/failure-details.ts';
import { failures } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { PartnerPause } from '../domain/partner-pause.ts';
import { count, observeSeconds } from '../telemetry/metrics.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { PartnerError } from '../integrations/partner.ts';
import type { Partner } from '../integrations/partner.ts';
import { attemptSignal, attemptTime, longerPauseMs } from './attempt.ts';
import type { OrderCreationActivities, OrderRecord } from './order-creation-activities.ts';
import { linkOrUnfinished } from './order-standing.ts';
import { knownFrom, nothingKnown } from './attempt-note.ts';
import type { AttemptsSoFar, NotFoundAnswers, AttemptNote } from './attempt-note.ts';
import { pausedFailure } from './partner-pause.ts';
import { currentRunId } from './current-run.ts';

/** A 404 with JSON is final once it was answered to so many attempts in a row, over so long a time. */
const LASTING_ATTEMPTS = 3;
const LASTING_MS = 10_000;

export function createRideNDineOrderWith({
  partner,
  orders,
  pause,
}: {
  partner: Pick<Partner, 'createOrder'>;
  orders: Pick<OrdersStore, 'findOrderById'>;
  /** Tells whether calls to RideNDine are paused now. */
  pause: () => PartnerPause | null;
}): OrderCreationActivities['createRideNDineOrder'] {
  return async (order) => {
    const isOurs = order.run_id === currentRunId();
    if (!isOurs) {
      // An operator has reset the run that wrote the record: what has become of the order since is not in our history.
      const link = linkOrUnfinished(await orders.findOrderById(order.order_id));
      if (link) return link;
    }
    const known = isOurs ? knownOfEarlierAttempts(order) : nothingKnown;
    // What support staff ask for is done once. After a reset, Temporal repeats what they asked for before.
    if (!order.asked_by_support || !isOurs) refuseWhenTooLate(order, known);
    const paused = pause();
    if (paused) throw pausedFailure({ maybe_sent: known.maybe_sent, pause: paused }, { nonRetryable: true });
    // Should this attempt be cut off, no older note of *not sent* must be found: numbers of attempts are used again after a
    // reset by an operator. What is proven of this one takes its place.
    if (known.maybe_sent || activityInfo().heartbeatDetails != null)
      heartbeat({ ...known, maybe_sent: true } satisfies AttemptNote);
    const startMs = performance.now();
    try {
      const link = await partner.createOrder({
        orderId: order.order_id,
        body: order.ridendine_request,
        signal: attemptSignal(),
      });
      countAttempt({ outcome: 'created', code: 'none' }, startMs);
      return link;
    } catch (error) {
      if (!(error instanceof PartnerError)) throw error;
      countAttempt(error, startMs);
      const maybeSent = known.maybe_sent || error.outcome === 'maybeSent';
      const not_found = error.mayPass ? oneMore(known.not_found) : undefined;
      heartbeat({
        ...(maybeSent ? { maybe_sent: true } : { maybe_sent: false, attempt: activityInfo().attempt }),
        code: error.code,
        not_found,
      } satisfies AttemptNote);
      const isFinal = not_found ? lasts(not_found) : failures[error.code].retry === 'never';
      throw partnerFailure(error, order, { maybeSent, isFinal });
    }
  };
}

function oneMore(answers: NotFoundAnswers | undefined): NotFoundAnswers {
  return { since: answers?.since ?? attemptTime().toISOString(), attempts: (answers?.attempts ?? 0) + 1 };
}

function lasts({ since, attempts }: NotFoundAnswers): boolean {
  return attempts >= LASTING_ATTEMPTS && attemptTime().getTime() - Date.parse(since) >= LASTING_MS;
}

function countAttempt(
  { outcome, code }: { outcome: AttemptOutcome | 'created'; code: FailureCode | 'none' },
  startMs: number,
): void {
  count(metricMeter, 'partnerAttempts', { outcome, code });
  observeSeconds(metricMeter, 'partnerAttemptDuration', { outcome }, (performance.now() - startMs) / 1000);
}

function knownOfEarlierAttempts({ maybe_sent_before }: OrderRecord): AttemptsSoFar {
  const { heartbeatDetails, attempt, currentAttemptScheduledTimestampMs, scheduledTimestampMs } = activityInfo();
  // An operator's reset of the activity counts attempts from one again, and only the schedule betrays it.
  const isFirst = attempt === 1 && currentAttemptScheduledTimestampMs === scheduledTimestampMs;
  const known = knownFrom(heartbeatDetails, { attempt, isFirst });
  return maybe_sent_before ? { ...known, maybe_sent: true } : known;
}

function refuseWhenTooLate(order: OrderRecord, known: AttemptsSoFar): void {
  const now = attemptTime();
  if (known.maybe_sent) {
    if (now < new Date(order.key_deadline)) return;
    throw tooLate(known, 'RideNDine may have forgotten the idempotency key: another call could make a second order.');
  }
  if (now < new Date(order.not_sent_deadline)) return;
  throw tooLate(known, 'The quote ran out before the order could be sent to RideNDine.');
}

function tooLate({ maybe_sent, code }: AttemptsSoFar, message: string): ApplicationFailure {
  return ApplicationFailure.create({
    // The first attempt came too late.
    type: code ?? (maybe_sent ? 'RideNDineUnavailable' : 'QuoteExpired'),
    message,
    nonRetryable: true,
    details: [{ outcome: maybe_sent ? 'maybeSent' : 'notSent', maybe_sent } satisfies FailureDetails],
  });
}

function partnerFailure(
  error: PartnerError,
  order: OrderRecord,
  { maybeSent, isFinal }: { maybeSent: boolean; isFinal: boolean },
): ApplicationFailure {
  const nextRetryDelay = retryDelayMs(error, order, maybeSent);
  const details: FailureDetails = {
    outcome: error.outcome,
    maybe_sent: maybeSent,
    ...(error.status !== undefined && { status: error.status }),
    ...(error.partnerText !== undefined && { partner_text: error.partnerText }),
    tried_until: maybeSent ? order.key_deadline : order.not_sent_deadline,
  };
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: isFinal,
    details: [details],
    ...(nextRetryDelay !== undefined && { nextRetryDelay }),
  });
}

/** Pauses while our configuration is wrong: long enough not to hammer the partner, short enough to notice the cure. */
const SLOW_RETRY_FIRST_MS = 10_000;
const SLOW_RETRY_MAX_MS = 5 * 60_000;

/** The pause before the next attempt; `undefined` for the usual one. However long, it leaves time for a last attempt. */
function retryDelayMs(error: PartnerError, order: OrderRecord, maybeSent: boolean): number | undefined {
  const pauseMs = longerPauseMs(Math.max(error.retryAfterMs ?? 0, slowPauseMs(error.code)));
  if (pauseMs === undefined) return undefined;
  const now = attemptTime().getTime();
  const deadline = Date.parse(maybeSent ? order.key_deadline : order.not_sent_deadline);
  const leftMs = maybeSent ? deadline - order.attempt_timeout_ms - now : 0;
  // With no time for another call, if only to find that the time is over, and to say so.
  return Math.min(pauseMs, leftMs > 0 ? leftMs : Math.max(1, deadline - now));
}

function slowPauseMs(code: FailureCode): number {
  if (failures[code].retry !== 'slowly') return 0;
  return Math.min(SLOW_RETRY_MAX_MS, SLOW_RETRY_FIRST_MS * 2 ** (activityInfo().attempt - 1));
}
