import type { FastifyReply } from 'fastify';
import { OrderFailedError } from '../client/index.ts';
import type { CheckoutProblem, OrderCreationError } from '../client/index.ts';
import { problemEntry, problemType } from './problem-codes.ts';
import type { ProblemCode } from './problem-codes.ts';
import type { ProblemDocument } from './response-bodies.ts';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** How long a caller should wait before it asks again, in seconds: an order creation takes a moment. */
export const RETRY_AFTER_S = 2;

export interface Problem {
  code: ProblemCode;
  detail: string;
  /** Every rule that a checkout breaks, where there are several. */
  problems?: CheckoutProblem[];
}

/** A problem as it goes over the wire (RFC 9457), with the headers that belong to it. */
export function problemResponse({ code, detail, problems = [] }: Problem) {
  const { status, title, retryable } = problemEntry(code);
  const body: ProblemDocument = {
    type: problemType(code),
    title,
    status,
    detail,
    code,
    retryable,
    ...(problems.length > 0 && { problems }),
  };
  const headers: Record<string, string> = {
    'content-type': PROBLEM_CONTENT_TYPE,
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    // RFC 9110, section 15.5.16: what would have been taken.
    ...(status === 415 && { 'accept-encoding': 'identity' }),
    ...(retryable && { 'retry-after': String(RETRY_AFTER_S) }),
  };
  return { status, headers, body };
}

export function sendProblem(reply: FastifyReply, problem: Problem) {
  const { status, headers, body } = problemResponse(problem);
  reply.outcomeCode = problem.code;
  return reply.status(status).headers(headers).send(body);
}

export function sendOrderCreationError(reply: FastifyReply, error: OrderCreationError) {
  // The client waits for the review of a LinkConflict as for any other: it never throws one.
  const code = error.code === 'LinkConflict' ? 'InternalError' : error.code;
  const problems = error instanceof OrderFailedError ? error.problems : [];
  if (problemEntry(code).status >= 500) reply.outcomeReason = error.message;
  return sendProblem(reply, { code, detail: error.message, problems });
}
