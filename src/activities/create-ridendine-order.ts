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

/** A 404 with JSON is final once RideNDine has given it to this many attempts in a row, over at least this time. */
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
      // An operator has reset the run that wrote the record. This run's history does not tell what happened to the
      // order since then.
      const link = linkOrUnfinished(await orders.findOrderById(order.order_id));
      if (link) return link;
    }
    const known = isOurs ? knownOfEarlierAttempts(order) : nothingKnown;
    // A call that support staff ask for is made once, even if it is too late. After a reset, Temporal repeats the
    // old decision in the new run, where it must not cause another late call.
    if (!order.asked_by_support || !isOurs) refuseWhenTooLate(order, known);
    const paused = pause();
    if (paused) throw pausedFailure({ maybe_sent: known.maybe_sent, pause: paused }, { nonRetryable: true });
    // This heartbeat replaces an older note of *not sent*, in case this attempt is cut off. After an operator's reset,
    // numbers of attempts are used again, so the older note could seem valid. The note after the call replaces this.
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
  const { heartbeatDetails, attempt, currentAttemptScheduledTimestampMs, scheduledTimestampMs, startToCloseTimeoutMs } =
    activityInfo();
  // After an operator has reset the activity, attempts are counted from 1 again. Only the schedule shows the reset: an
  // attempt that left no note is over, at the earliest, when its time is over. When a new build takes over the run,
  // Temporal may schedule the first attempt anew, mostly much sooner. The server's clocks may differ by half that time.
  const sinceScheduledMs = currentAttemptScheduledTimestampMs - scheduledTimestampMs;
  const isFirst = attempt === 1 && sinceScheduledMs < startToCloseTimeoutMs / 2;
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
    // There is no code if this is the first attempt, or if the earlier attempts left none.
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

/** Pauses while our configuration is wrong: long enough to spare the partner, short enough to notice the correction. */
const SLOW_RETRY_FIRST_MS = 10_000;
const SLOW_RETRY_MAX_MS = 5 * 60_000;

/**
 * The pause before the next attempt in milliseconds; `undefined` for the usual pause. It never ends after the deadline.
 * If RideNDine may have the order and there is time for another call, the pause leaves time for that call.
 */
function retryDelayMs(error: PartnerError, order: OrderRecord, maybeSent: boolean): number | undefined {
  const pauseMs = longerPauseMs(Math.max(error.retryAfterMs ?? 0, slowPauseMs(error.code)));
  if (pauseMs === undefined) return undefined;
  const now = attemptTime().getTime();
  const deadline = Date.parse(maybeSent ? order.key_deadline : order.not_sent_deadline);
  const leftMs = maybeSent ? deadline - order.attempt_timeout_ms - now : 0;
  // Without time for another call, the next attempt only finds that the time is over, and says so.
  return Math.min(pauseMs, leftMs > 0 ? leftMs : Math.max(1, deadline - now));
}

function slowPauseMs(code: FailureCode): number {
  if (failures[code].retry !== 'slowly') return 0;
  return Math.min(SLOW_RETRY_MAX_MS, SLOW_RETRY_FIRST_MS * 2 ** (activityInfo().attempt - 1));
}
