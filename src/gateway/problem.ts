import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { OrderCreationError, OrderFailedError } from '../client/index.ts';
import type { CheckoutProblem, QuoteUser } from '../client/index.ts';
import { errorAnswers } from '../runtime/error-answers.ts';
import { Problems } from '../runtime/problem.ts';
import { problemEntry } from './problem-codes.ts';
import type { ProblemCode } from './problem-codes.ts';

export interface Problem {
  code: ProblemCode;
  detail: string;
  /** Every rule that a checkout breaks, where there are several. */
  problems?: CheckoutProblem[];
  /** The customer's own order that has the quote already. */
  members?: { used_by: QuoteUser };
  /** Default: what the table says for this code. */
  retryable?: boolean;
}

export const gatewayProblems = new Problems(problemEntry);

export function sendProblem(reply: FastifyReply, problem: Problem) {
  return gatewayProblems.send(reply, problem);
}

function sendOrderCreationError(reply: FastifyReply, error: OrderCreationError) {
  // The client never throws a LinkConflict: the order is in review then, and the client waits for it.
  const code = error.code === 'LinkConflict' ? 'InternalError' : error.code;
  const problems = error instanceof OrderFailedError ? error.problems : [];
  if (problemEntry(code).status >= 500) reply.outcomeReason = error.message;
  const usedBy = error instanceof OrderFailedError ? error.usedBy : undefined;
  return sendProblem(reply, {
    code,
    detail: error.message,
    problems,
    ...(usedBy && { members: { used_by: usedBy } }),
  });
}

/** Much more than a checkout needs: a quote and an address take a few hundred bytes. */
export const BODY_LIMIT_BYTES = 64 * 1024;

/** A caller has sent more requests in this second than it may. */
export class TooManyRequestsError extends Error {
  override readonly name = 'TooManyRequestsError';

  constructor(requestsPerSecond: number) {
    super(`You may send ${requestsPerSecond} requests a second. Nothing was begun. Send the same request again.`);
  }
}

/**
 * @param afterFailure what the caller should do after an unexpected failure.
 * @returns an error handler that answers every error with a problem document.
 */
export function answerErrorWith(afterFailure: { detail: string; retryable?: boolean }) {
  const answerAnyError = errorAnswers({ problems: gatewayProblems, bodyLimitBytes: BODY_LIMIT_BYTES, afterFailure });
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof OrderCreationError) return sendOrderCreationError(reply, error);
    if (error instanceof TooManyRequestsError) {
      return sendProblem(reply, { code: 'TooManyRequests', detail: error.message });
    }
    return answerAnyError(error, request, reply);
  };
}

export const answerError = answerErrorWith({ detail: 'Send the same request with the same key again.' });
