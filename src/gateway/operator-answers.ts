import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isSilent } from '../operators/answered.ts';
import { OperatorError } from '../operators/operator-error.ts';
import type { OperatorOutcome } from '../operators/operator-error.ts';
import { TemporalAccessError } from '../temporal/temporal-access.ts';
import { givenKey } from './idempotency-key.ts';
import type { ProblemCode } from './problem-codes.ts';
import { answerError, answerErrorWith, sendProblem } from './problem.ts';
import type { Problem } from './problem.ts';

// Reads what operators send, and answers them if it was not carried out or its result is not known.

const codes: Record<Exclude<OperatorOutcome, 'under way'>, ProblemCode> = {
  'unknown order': 'OrderNotFound',
  refused: 'DecisionRefused',
  'not sent': 'DecisionNotSent',
  unanswered: 'DecisionUnanswered',
};

const LOOK_FIRST = 'Look at the order before you decide again.';
const SEND_AGAIN = 'Send the same request with the same Idempotency-Key again.';
const CALL = 'Call whoever runs order creation.';

/** Whether the request has an id, so that the sender may repeat it: a repeated request is carried out only once. */
function isSentWithId({ headers }: FastifyRequest): boolean {
  return headers['idempotency-key'] !== undefined;
}

/** Reads the body of a decision and its id, if the sender gave one. `problem`: the answer if the request is wrong. */
export function sentDecision(request: FastifyRequest): { body: object; id: string | undefined } | { problem: Problem } {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { problem: { code: 'MalformedRequest', detail: 'The body must be a JSON object.' } };
  }
  const given = isSentWithId(request) ? givenKey(request.raw) : { key: undefined };
  if ('problem' in given) {
    const detail = 'Send one Idempotency-Key, a UUID that is new for each decision, or none.';
    return { problem: { code: 'IdempotencyKeyInvalid', detail } };
  }
  return { body, id: given.key };
}

export function sendOverloaded(reply: FastifyReply, whatToDo: string): FastifyReply {
  return sendProblem(reply, {
    code: 'GatewayOverloaded',
    detail: `Too many requests of operators wait already. ${whatToDo}`,
  });
}

/** Answers why a request was not carried out. After an unexpected failure, the decision may have been sent. */
export function answerOperator(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const hasId = isSentWithId(request);
  const whatToDo = hasId ? SEND_AGAIN : LOOK_FIRST;
  if (error instanceof TemporalAccessError) {
    reply.outcomeReason = error.message;
    if (isSilent(error)) {
      const detail = 'Temporal does not answer. Nothing was sent. Send it again.';
      return sendProblem(reply, { code: 'TemporalUnavailable', detail });
    }
    const detail = `Temporal refuses this gateway, or what it stores cannot be read here. Nothing was sent. ${CALL}`;
    return sendProblem(reply, { code: 'GatewayMisconfigured', detail });
  }
  if (error instanceof OperatorError && error.outcome !== 'under way') {
    const code = codes[error.outcome];
    if (error.outcome !== 'unanswered') return sendProblem(reply, { code, detail: error.message });
    return sendProblem(reply, { code, detail: `${error.message} ${whatToDo}`, retryable: hasId });
  }
  if (request.method !== 'POST') return answerError(error, request, reply);
  return answerErrorWith({ detail: whatToDo, retryable: hasId })(error, request, reply);
}
