import type { FailureCode } from '../../domain/failures.ts';

interface DirectusErrorOptions {
  /** How long Directus asks us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** HTTP status of Directus' answer, if there was one. */
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
 * Our account may not do what was asked, or a collection or field does not exist: Directus gives the same answer to
 * both. After an administrator has corrected that, the same request succeeds.
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
 * The database refused a value that must be unique. The value need not be one of ours: Directus writes to its own
 * tables in the same transaction, and somebody may have added a unique field. If several fields clash, databases
 * differ in which one they name. So callers read the rows to learn what is taken. If no row explains the error, the
 * cause is trouble in Directus, and the next attempt may succeed.
 */
export class DirectusNotUniqueError extends DirectusError {
  override readonly name = 'DirectusNotUniqueError';
  readonly code = 'DirectusUnavailable';
  /** Collection and field as Directus names them, such as `directus_activity.id`. */
  readonly field: string;

  constructor(field: string) {
    super(
      `Directus says that a value in ${field} is not unique, and no order explains that. Possible causes: a sequence that lags behind its table after a restore, or a unique field that somebody has added.`,
    );
    this.field = field;
  }
}
