import type { FailureCode } from '../../domain/failure-codes.ts';

interface DirectusErrorOptions {
  /** How long Directus asks us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** Why Directus did not do what was asked. `message` repeats nothing of what was written or read. */
export abstract class DirectusError extends Error {
  abstract readonly code: FailureCode;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: DirectusErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
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
 * The database refused a value that must be unique. Which field is named differs by database where several clash, so
 * callers look at the rows instead.
 */
export class DirectusNotUniqueError extends DirectusError {
  override readonly name = 'DirectusNotUniqueError';
  readonly code = 'DirectusRejected';
}
