import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpProblemCode, Problems } from './problem.ts';
import { StrictJsonError } from './strict-json.ts';

interface ErrorAnswers {
  problems: Problems<HttpProblemCode>;
  bodyLimitBytes: number;
  /** The answer to an unexpected failure: advice for a person, and whether the same request may succeed later. */
  afterFailure: { detail: string; retryable?: boolean };
}

/** @returns an error handler for Fastify. It answers every error with a problem document, and logs unexpected ones. */
export function errorAnswers({ problems, bodyLimitBytes, afterFailure }: ErrorAnswers) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof StrictJsonError) {
      return problems.send(reply, { code: 'MalformedRequest', detail: error.message });
    }
    switch (error.statusCode) {
      case 413:
        return problems.send(reply, {
          code: 'PayloadTooLarge',
          detail: `The body is larger than ${bodyLimitBytes} bytes.`,
        });
      case 414:
        return problems.send(reply, { code: 'UriTooLong', detail: 'A part of the path is too long.' });
      case 415:
        return problems.send(reply, { code: 'UnsupportedMediaType', detail: 'Send Content-Type: application/json.' });
      default:
        if (error.statusCode !== undefined && error.statusCode < 500) {
          return problems.send(reply, {
            code: 'MalformedRequest',
            detail: 'The request is not valid HTTP with JSON.',
          });
        }
        // The message and the first line of the stack are not logged: they may hold what a customer entered.
        request.log.error({ error: error.name, code: error.code, frames: framesOf(error) }, 'request failed');
        return problems.send(reply, { code: 'InternalError', ...afterFailure });
    }
  };
}

function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => line.startsWith('    at '));
}
