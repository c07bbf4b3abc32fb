import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { failureCodes } from '../domain/failure-codes.ts';
import type { FailureCode } from '../domain/failure-codes.ts';
import { RideNDineError } from '../integrations/ridendine/errors.ts';
import type { RideNDineClient } from '../integrations/ridendine/ridendine-client.ts';
import { attemptTime } from './clock.ts';
import type { OrderCreationActivities, OrderRecord, PartnerFailureDetails } from './order-creation-activities.ts';

/**
 * The word that an attempt leaves when it is proven that it sent nothing. The next attempt finds it in the heartbeat
 * details: Temporal keeps those, while it shows the workflow only the last failure. No word means *maybe sent*.
 */
interface NotSentWord {
  attempt: number;
  code: FailureCode;
}

export function createCreateRideNDineOrder({
  ridendine,
}: {
  ridendine: RideNDineClient;
}): OrderCreationActivities['createRideNDineOrder'] {
  return async (order) => {
    const word = wordOfPreviousAttempt();
    const maybeSentBefore = order.maybe_sent_before || word === 'none';
    if (!maybeSentBefore && attemptTime() >= new Date(order.not_sent_deadline)) {
      throw quoteRanOut(word === 'first attempt' ? 'QuoteExpired' : word.code);
    }
    try {
      return await ridendine.createOrder({
        orderId: order.order_id,
        body: order.ridendine_request,
        signal: cancellationSignal(),
      });
    } catch (error) {
      if (!(error instanceof RideNDineError)) throw error;
      if (error.outcome === 'notSent' && !maybeSentBefore) {
        heartbeat({ attempt: activityInfo().attempt, code: error.code } satisfies NotSentWord);
      }
      throw partnerFailure(error, order, maybeSentBefore);
    }
  };
}

/**
 * What the attempt before this one left: its word, or `'none'`. An activity that an operator has reset counts its
 * attempts from one again: then nothing is known of the earlier ones, and only the schedule betrays them.
 */
function wordOfPreviousAttempt(): NotSentWord | 'first attempt' | 'none' {
  const { attempt, heartbeatDetails, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = activityInfo();
  const word = heartbeatDetails as NotSentWord | undefined;
  if (word) return word.attempt === attempt - 1 ? word : 'none';
  const isFirst = attempt === 1 && currentAttemptScheduledTimestampMs === scheduledTimestampMs;
  return isFirst ? 'first attempt' : 'none';
}

function quoteRanOut(code: FailureCode): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message: 'The quote ran out before the order could be sent to RideNDine.',
    nonRetryable: true,
    details: [{ outcome: 'notSent', maybe_sent: false } satisfies PartnerFailureDetails],
  });
}

function partnerFailure(error: RideNDineError, order: OrderRecord, maybeSentBefore: boolean): ApplicationFailure {
  const maybeSent = maybeSentBefore || error.outcome === 'maybeSent';
  const nextRetryDelay = retryDelayMs(error, maybeSent ? undefined : order.not_sent_deadline);
  const details: PartnerFailureDetails = {
    outcome: error.outcome,
    maybe_sent: maybeSent,
    ...(error.status !== undefined && { status: error.status }),
    ...(error.partnerText !== undefined && { partner_text: error.partnerText }),
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

/**
 * The pause before the next attempt; `undefined` for the usual one.
 *
 * @param deadline when the next attempt is due at the latest, if only to find that the time is over.
 */
function retryDelayMs(error: RideNDineError, deadline: string | undefined): number | undefined {
  const pauseMs = error.retryAfterMs ?? slowPauseMs(error.code);
  if (pauseMs === undefined || deadline === undefined) return pauseMs;
  return Math.min(pauseMs, Math.max(1, Date.parse(deadline) - attemptTime().getTime()));
}

function slowPauseMs(code: FailureCode): number | undefined {
  if (failureCodes[code].retry !== 'slowly') return undefined;
  return Math.min(SLOW_RETRY_MAX_MS, SLOW_RETRY_FIRST_MS * 2 ** (activityInfo().attempt - 1));
}
