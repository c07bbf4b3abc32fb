import type { AttemptOutcome } from '../../domain/attempt-outcome.ts';
import type { FailureCode } from '../../domain/failures.ts';

interface RideNDineErrorOptions {
  /** HTTP status, if there was an answer. */
  status?: number;
  /** How long the partner asks us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The beginning of what the partner wrote. May hold personal data: for encrypted details only. */
  partnerText?: string | undefined;
  cause?: unknown;
}

/** Why RideNDine did not create an order. `message` holds nothing that the partner or the customer wrote. */
export abstract class RideNDineError extends Error {
  abstract readonly code: FailureCode;
  abstract readonly outcome: AttemptOutcome;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly partnerText: string | undefined;

  constructor(message: string, options: RideNDineErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.partnerText = options.partnerText;
  }
}

/** A definite refusal of this order: 400, 410, 422 and other definite 4xx. */
export class RideNDineRejectedError extends RideNDineError {
  override readonly name: string = 'RideNDineRejectedError';
  readonly code = 'RideNDineRejected';
  readonly outcome = 'rejected';
}

/**
 * 404 with JSON: nothing was created. It is a refusal of this order only if it lasts; a gateway in front of RideNDine says
 * the same for some seconds while it is set up anew.
 */
export class RideNDineNotFoundError extends RideNDineRejectedError {
  override readonly name = 'RideNDineNotFoundError';
}

/**
 * The partner refused our credential (401, 403) or we are at the wrong address (3xx, 405, 404 without JSON): a fault of our
 * configuration. A credential that RideNDine's API refuses (in JSON) and a redirect are *not sent*: nothing is created. A
 * `303 See Other` may follow an order that was created, and of whoever else answered nothing is known: *maybe sent*.
 */
export class RideNDineUnauthorizedError extends RideNDineError {
  override readonly name = 'RideNDineUnauthorizedError';
  readonly code = 'RideNDineUnauthorized';
  readonly outcome: 'notSent' | 'maybeSent';

  constructor(message: string, outcome: 'notSent' | 'maybeSent', options: RideNDineErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}

/** 429: nothing was created; `retryAfterMs` says when to come back, if the partner said so. */
export class RideNDineRateLimitedError extends RideNDineError {
  override readonly name = 'RideNDineRateLimitedError';
  readonly code = 'RideNDineRateLimited';
  readonly outcome = 'notSent';
}

/** No usable answer: no connection, time-out, connection lost, 408, 409, 425 or 5xx. */
export class RideNDineUnavailableError extends RideNDineError {
  override readonly name = 'RideNDineUnavailableError';
  readonly code = 'RideNDineUnavailable';
  readonly outcome: 'notSent' | 'maybeSent';

  constructor(message: string, outcome: 'notSent' | 'maybeSent', options: RideNDineErrorOptions = {}) {
    super(message, options);
    this.outcome = outcome;
  }
}

/** 2xx whose body is not the promised reply: the order most likely exists, but its ids are unknown. */
export class RideNDineContractBrokenError extends RideNDineError {
  override readonly name = 'RideNDineContractBrokenError';
  readonly code = 'RideNDineContractBroken';
  readonly outcome = 'maybeSent';
}
