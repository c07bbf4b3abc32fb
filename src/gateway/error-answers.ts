import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { OrderCreationError } from '../client/index.ts';
import { errorAnswers } from '../runtime/error-answers.ts';
import { gatewayProblems, sendOrderCreationError } from './problem.ts';

/** A checkout names its quote and an address: a few hundred bytes. */
export const BODY_LIMIT_BYTES = 64 * 1024;

const answerAnyError = errorAnswers({
  problems: gatewayProblems,
  bodyLimitBytes: BODY_LIMIT_BYTES,
  afterFailure: 'Send the same request with the same key again.',
});

/** Answers whatever was thrown with a problem document. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof OrderCreationError) return sendOrderCreationError(reply, error);
  return answerAnyError(error, request, reply);
}
