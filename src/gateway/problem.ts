import type { FastifyReply } from 'fastify';
import type { OrderCreationError } from '../client/index.ts';
import { OrderFailedError } from '../client/index.ts';
import type { CheckoutProblem } from '../client/index.ts';
import { failureCodes, isFailureCode } from '../domain/failure-codes.ts';

/** Where each problem type is explained, relative to wherever the gateway's documents are served. */
const PROBLEM_TYPE_BASE = 'urn:cooco:problem:';

/** How long a caller should wait before it tries again, in seconds. */
const RETRY_AFTER_S = 2;

/** Problems of HTTP itself, beside those of an order creation. */
const httpProblems = {
  OrderNotFound: { status: 404, title: 'No order creation is known under this key.' },
  TemporalUnavailable: { status: 503, title: 'Temporal can not be reached.' },
  ClientClosed: { status: 503, title: 'The gateway is stopping.' },
  IdempotencyKeyInvalid: { status: 400, title: 'The Idempotency-Key header must be a UUID in hyphenated form.' },
  MalformedRequest: { status: 400, title: 'The request can not be read.' },
  Unauthorized: { status: 401, title: 'The credential is missing or unknown.' },
  NotFound: { status: 404, title: 'There is nothing at this address.' },
  PayloadTooLarge: { status: 413, title: 'The request is too large.' },
  UnsupportedMediaType: { status: 415, title: 'The body must be application/json.' },
  InternalError: { status: 500, title: 'The gateway failed.' },
} as const;

type ProblemCode = keyof typeof httpProblems | OrderCreationError['code'];

interface Problem {
  code: ProblemCode;
  detail: string;
  retryable?: boolean;
  problems?: CheckoutProblem[];
}

/** Answers with a problem document (RFC 9457) that adds `code`, `retryable` and, where there are several, `problems`. */
export function sendProblem(reply: FastifyReply, { code, detail, retryable = false, problems = [] }: Problem) {
  const { status, title } = isFailureCode(code)
    ? { status: failureCodes[code].httpStatus, title: failureCodes[code].meaning }
    : httpProblems[code];
  if (retryable) void reply.header('retry-after', RETRY_AFTER_S);
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply
    .status(status)
    .type('application/problem+json')
    .send({
      type: `${PROBLEM_TYPE_BASE}${code}`,
      title,
      status,
      detail,
      code,
      retryable,
      ...(problems.length > 0 && { problems }),
    });
}

export function sendOrderCreationError(reply: FastifyReply, error: OrderCreationError) {
  return sendProblem(reply, {
    code: error.code,
    detail: error.message,
    retryable: error.retryable,
    ...(error instanceof OrderFailedError && { problems: error.problems }),
  });
}
