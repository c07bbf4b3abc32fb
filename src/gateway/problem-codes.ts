import { failureCodes, isFailureCode, isRetryable } from '../domain/failure-codes.ts';
import type { FailureCode } from '../domain/failure-codes.ts';

interface ProblemEntry {
  readonly status: number;
  readonly title: string;
  /** Whether the same request with the same key may succeed later. */
  readonly retryable: boolean;
}

/** Problems of HTTP and of this service itself, beside those of an order creation. A code is never renamed. */
const gatewayProblems = {
  IdempotencyKeyInvalid: {
    status: 400,
    title: 'The Idempotency-Key header must be a UUID in hyphenated form.',
    retryable: false,
  },
  MalformedRequest: { status: 400, title: 'The request can not be read.', retryable: false },
  Unauthorized: { status: 401, title: 'The credential is missing or unknown.', retryable: false },
  NotFound: { status: 404, title: 'There is nothing at this address.', retryable: false },
  OrderNotFound: { status: 404, title: 'No order creation is known under this key.', retryable: false },
  MethodNotAllowed: { status: 405, title: 'The address does not know this method.', retryable: false },
  RequestTimeout: { status: 408, title: 'The request took too long to arrive.', retryable: true },
  PayloadTooLarge: { status: 413, title: 'The body is too large.', retryable: false },
  UriTooLong: { status: 414, title: 'The address is too long.', retryable: false },
  UnsupportedMediaType: {
    status: 415,
    title: 'The body must be application/json without a content encoding.',
    retryable: false,
  },
  HeadersTooLarge: { status: 431, title: 'The headers are too large.', retryable: false },
  InternalError: { status: 500, title: 'The gateway failed.', retryable: true },
  ClientClosed: { status: 503, title: 'The gateway is stopping.', retryable: true },
  GatewayOverloaded: { status: 503, title: 'Too many requests wait for their orders.', retryable: true },
  TemporalUnavailable: { status: 503, title: 'Temporal can not be reached.', retryable: true },
} as const satisfies Record<string, ProblemEntry>;

/** `code` of a problem document. An order with a `LinkConflict` is never refused: it waits for support staff. */
export type ProblemCode = keyof typeof gatewayProblems | Exclude<FailureCode, 'LinkConflict'>;

export const problemCodes = [
  ...Object.keys(gatewayProblems),
  ...Object.keys(failureCodes).filter((code) => code !== 'LinkConflict'),
] as ProblemCode[];

export function problemEntry(code: ProblemCode): ProblemEntry {
  if (!isFailureCode(code)) return gatewayProblems[code];
  const { httpStatus: status, meaning: title } = failureCodes[code];
  return { status, title, retryable: isRetryable(code) };
}

/** Identifies a problem, wherever its description in docs/problems.md is served from: see docs/decisions/0012. */
export function problemType(code: ProblemCode): string {
  return `urn:cooco:problem:${code}`;
}
