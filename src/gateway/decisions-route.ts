import type { FastifyInstance, FastifyReply } from 'fastify';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { faultsOfOperatorRequest } from '../operators/act.ts';
import type { OperatorRequest } from '../operators/act.ts';
import { OperatorError } from '../operators/operator-error.ts';
import type { OperatorOutcome } from '../operators/operator-error.ts';
import { whenNobodyWaits } from '../runtime/half-close.ts';
import type { Patience } from '../operators/send-update.ts';
import { TemporalAccessError } from '../temporal/temporal-access.ts';
import type { ProblemCode } from './problem-codes.ts';
import { sendProblem } from './problem.ts';
import type { DecisionOutcome } from './response-bodies.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** A person looks at a form meanwhile. With the look-ups before it, this is less than a connection may be idle. */
const patience = { acceptedWithinMs: 6_000, carriedOutWithinMs: 12_000 };

const codes: Record<Exclude<OperatorOutcome, 'under way'>, ProblemCode> = {
  'unknown order': 'OrderNotFound',
  refused: 'DecisionRefused',
  'not taken': 'DecisionNotTaken',
};

/** People who look after orders, or the program in which they do. */
export interface Operators {
  /** None: nobody decides through this gateway. */
  apiKeys: string[];
  /** As `act` does, without Temporal. */
  act(orderId: string, request: OperatorRequest, patience: Patience): Promise<string>;
}

interface DecisionsRouteOptions {
  operators: Operators;
  /** Operators who wait for what comes of their decisions. */
  deciding: WaitingRoom;
}

/** `POST /v1/operations/orders/{order_id}/decisions`: what `npm run review` does, over HTTP. */
export function registerDecisionsRoute(app: FastifyInstance, { operators, deciding }: DecisionsRouteOptions): void {
  app.post<{ Params: { order_id: string } }>('/v1/operations/orders/:order_id/decisions', async (request, reply) => {
    const { body } = request;
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      return sendProblem(reply, { code: 'MalformedRequest', detail: 'The body must be a JSON object.' });
    }
    const id = hyphenatedUuid.safeParse(request.params.order_id);
    if (!id.success) return sendProblem(reply, { code: 'OrderNotFound', detail: 'Send the id of an order, a UUID.' });
    const faults = faultsOfOperatorRequest(body);
    if (faults.length > 0) return sendProblem(reply, { code: 'DecisionInvalid', detail: faults.join(' ') });

    const wanted = body as OperatorRequest;
    const said = { order_id: id.data, decision: wanted.decision };
    const answer = deciding.enter(async (stopWaiting): Promise<DecisionOutcome> => {
      whenNobodyWaits(request, reply, () => stopWaiting.abort());
      const work = operators.act(id.data, wanted, patience);
      try {
        const message = await Promise.race([work, endOf(stopWaiting.signal)]);
        return { ...said, state: 'DONE', message };
      } catch (error) {
        if (!(error instanceof OperatorError) || error.outcome !== 'under way') throw error;
        work.catch(() => {});
        return { ...said, state: 'UNDER_WAY', message: error.message };
      }
    });
    if (answer === undefined) {
      const detail = 'Too many decisions wait already. Nothing was decided. Send it again.';
      return sendProblem(reply, { code: 'GatewayOverloaded', detail });
    }
    try {
      const outcome = await answer;
      return await reply.status(outcome.state === 'DONE' ? 200 : 202).send(outcome);
    } catch (error) {
      return sendRefusal(reply, error);
    }
  });
}

/** @throws {OperatorError} once nobody waits any more. What was sent to Temporal goes on. */
function endOf(stopWaiting: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () =>
    reject(new OperatorError('under way', 'The gateway is stopping. Look at the order for what came of the decision.'));
  if (stopWaiting.aborted) end();
  else stopWaiting.addEventListener('abort', end, { once: true });
  return promise;
}

function sendRefusal(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof TemporalAccessError) {
    reply.outcomeReason = error.message;
    const detail = 'Temporal does not answer. Look at the order before you decide again.';
    return sendProblem(reply, { code: 'TemporalUnavailable', detail });
  }
  if (!(error instanceof OperatorError) || error.outcome === 'under way') throw error;
  return sendProblem(reply, { code: codes[error.outcome], detail: error.message });
}
