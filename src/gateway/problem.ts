import type { FastifyReply } from 'fastify';
import { OrderFailedError } from '../client/index.ts';
import type { CheckoutProblem, OrderCreationError } from '../client/index.ts';
import { Problems } from '../http-service/problem.ts';
import { problemEntry } from './problem-codes.ts';
import type { ProblemCode } from './problem-codes.ts';

export interface Problem {
  code: ProblemCode;
  detail: string;
  /** Every rule that a checkout breaks, where there are several. */
  problems?: CheckoutProblem[];
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
  return sendProblem(reply, { code, detail: error.message, problems });
}
