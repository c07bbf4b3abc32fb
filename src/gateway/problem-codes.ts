import { failures, isFailureCode } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import { httpProblemsOf } from '../runtime/problem.ts';
import type { HttpProblemCode, ProblemEntry } from '../runtime/problem.ts';

/** Problems of this service itself, beside those of HTTP and of an order creation. A code is never renamed. */
const ownProblems = {
  IdempotencyKeyInvalid: {
    status: 400,
    title: 'The idempotency key must be one UUID in hyphenated form.',
    retryable: false,
  },
  DecisionInvalid: { status: 422, title: 'The decision lacks a field or has an unknown one.', retryable: false },
  DecisionRefused: { status: 409, title: 'The decision does not fit how the order stands.', retryable: false },
  DecisionNotSent: { status: 503, title: 'The decision was not sent.', retryable: true },
  // Retryable only if the request had an `Idempotency-Key`: a repeated request is then the same decision.
  DecisionUnanswered: { status: 503, title: 'No worker has answered to the decision.', retryable: false },
  GatewayMisconfigured: {
    status: 500,
    title: "The gateway's settings for Temporal are wrong.",
    retryable: false,
  },
  TooManyRequests: { status: 429, title: 'The caller sends too many requests a second.', retryable: true },
  OrderNotFound: { status: 404, title: 'No order creation is known by this key or id.', retryable: false },
  ClientClosed: { status: 503, title: 'The gateway is stopping.', retryable: true },
  GatewayOverloaded: { status: 503, title: 'Too many requests wait for their orders.', retryable: true },
  TemporalUnavailable: { status: 503, title: 'Temporal does not answer for the order now.', retryable: true },
} as const satisfies Record<string, ProblemEntry>;

const gatewayProblems: Record<HttpProblemCode | keyof typeof ownProblems, ProblemEntry> = {
  ...httpProblemsOf('The gateway'),
  ...ownProblems,
};

/** `code` of a problem document. An order with a `LinkConflict` is never refused: it waits for support staff. */
export type ProblemCode = keyof typeof gatewayProblems | Exclude<FailureCode, 'LinkConflict'>;

export const problemCodes = [
  ...Object.keys(gatewayProblems),
  ...Object.keys(failures).filter((code) => code !== 'LinkConflict'),
] as ProblemCode[];

export function problemEntry(code: ProblemCode): ProblemEntry {
  if (!isFailureCode(code)) return gatewayProblems[code];
  const { httpStatus: status, meaning: title } = failures[code];
  return { status, title, retryable: failures[code].retryable };
}
