import type { FastifyReply } from 'fastify';
import { OrderFailedError } from '../client/index.ts';
import type { CheckoutProblem, OrderCreationError, QuoteUser } from '../client/index.ts';
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
}

export const gatewayProblems = new Problems(problemEntry);

export function sendProblem(reply: FastifyReply, problem: Problem) {
  return gatewayProblems.send(reply, problem);
}

export function sendOrderCreationError(reply: FastifyReply, error: OrderCreationError) {
  // The client waits for the review of a LinkConflict as for any other: it never throws one.
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
