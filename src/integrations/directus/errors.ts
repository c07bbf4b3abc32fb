import type { FailureCode } from '../../domain/failures.ts';

interface DirectusErrorOptions {
  /** How long Directus asks us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** Of Directus' answer, if there is one. */
  status?: number;
  cause?: unknown;
}

/** Why Directus did not do what was asked. `message` repeats nothing of what was written or read. */
export abstract class DirectusError extends Error {
  abstract readonly code: FailureCode;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;

  constructor(message: string, options: DirectusErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status;
  }
}

/** No usable answer: no connection, time-out, 429, 5xx, or our credential was refused. A write may have happened. */
export class DirectusUnavailableError extends DirectusError {
  override readonly name = 'DirectusUnavailableError';
  readonly code = 'DirectusUnavailable';
}

/**
 * Our account may not do it, or a collection or a field of it does not exist: Directus says the same of both. What an
 * administrator mends goes through afterwards.
 */
export class DirectusForbiddenError extends DirectusError {
  override readonly name = 'DirectusForbiddenError';
  readonly code = 'DirectusUnavailable';
}

/** A definite refusal, or rows that are not what the schema promises. */
export class DirectusRejectedError extends DirectusError {
  override readonly name = 'DirectusRejectedError';
  readonly code = 'DirectusRejected';
}

/**
 * The database refused a value that must be unique. That says only that something is taken: perhaps in a table of
 * Directus' own, which is written in the same transaction, or in a field that somebody has added. Which field is named
 * differs by database where several clash. So callers look at the rows. What no row explains is trouble of Directus,
 * and may be over with the next attempt.
 */
export class DirectusNotUniqueError extends DirectusError {
  override readonly name = 'DirectusNotUniqueError';
  readonly code = 'DirectusUnavailable';
  /** As Directus names it: `directus_activity.id`. */
  readonly field: string;

  constructor(field: string) {
    super(
      `Directus says that a value in ${field} is not unique, and no order explains that. A sequence that lags behind its table after a restore does that, and so does a unique field that somebody has added.`,
    );
    this.field = field;
  }
}
