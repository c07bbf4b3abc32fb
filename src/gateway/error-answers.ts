import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { OrderCreationError } from '../client/index.ts';
import { sendOrderCreationError, sendProblem } from './problem.ts';
import { BODY_LIMIT_BYTES } from './server-limits.ts';
import { StrictJsonError } from './strict-json.ts';

/** Answers whatever was thrown with a problem document; what nobody expected is logged. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof OrderCreationError) return sendOrderCreationError(reply, error);
  if (error instanceof StrictJsonError) return sendProblem(reply, { code: 'MalformedRequest', detail: error.message });
  switch (error.statusCode) {
    case 413:
      return sendProblem(reply, {
        code: 'PayloadTooLarge',
        detail: `The body is larger than ${BODY_LIMIT_BYTES} bytes.`,
      });
    case 414:
      return sendProblem(reply, { code: 'UriTooLong', detail: 'A part of the address is longer than any key.' });
    case 415:
      return sendProblem(reply, { code: 'UnsupportedMediaType', detail: 'Send Content-Type: application/json.' });
    default:
      if (error.statusCode !== undefined && error.statusCode < 500) {
        return sendProblem(reply, { code: 'MalformedRequest', detail: 'The request is not valid HTTP with JSON.' });
      }
      // Not its message, nor the first line of its stack: they may hold what a customer entered.
      request.log.error({ error: error.name, code: error.code, frames: framesOf(error) }, 'request failed');
      return sendProblem(reply, { code: 'InternalError', detail: 'Send the same request with the same key again.' });
  }
}

function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => line.startsWith('    at '));
}
