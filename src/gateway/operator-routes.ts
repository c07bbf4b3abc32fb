import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CallerKey } from '../config/caller-keys.ts';
import { decisionNames } from '../contract/decisions.ts';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { isFailureCode } from '../domain/failures.ts';
import { deriveOrderId } from '../domain/order-ids.ts';
import { faultsOfOperatorRequest } from '../operators/act.ts';
import type { OperatorRequest } from '../operators/act.ts';
import type { OrderIdentity } from '../operators/find-run.ts';
import { OperatorError } from '../operators/operator-error.ts';
import type { KnownOrder } from '../operators/order-state.ts';
import { Submission } from '../operators/submission.ts';
import { whenNobodyWaits } from '../runtime/half-close.ts';
import { registerBulkRoutes } from './bulk-routes.ts';
import type { BulkOperators } from './bulk-routes.ts';
import { decisionSchemas } from './operator-bodies.ts';
import type { DecisionOutcome, OrderStateBody } from './operator-bodies.ts';
import { answerOperator, sendOverloaded, sentDecision } from './operator-answers.ts';
import { sendProblem } from './problem.ts';
import type { WaitingRoom } from './waiting-room.ts';

/**
 * A person waits in front of a form. These times and the 6 s to find the order add up to less than the 30 s for which a
 * connection may be idle.
 */
const patience = { acceptedWithinMs: 6_000, carriedOutWithinMs: 12_000 };

/** The operators' keys, and the operations that the routes for operators call. */
export interface Operators extends BulkOperators {
  /** If there are none, nobody can decide through this gateway. */
  apiKeys: CallerKey[];
  /** `act` of src/operators/act.ts; the access to Temporal is bound already. */
  act(order: OrderIdentity, request: OperatorRequest, submission: Submission): Promise<string>;
  /** `lookAt` of src/operators/order-state.ts; the access to Temporal is bound already. */
  lookAt(order: OrderIdentity): Promise<KnownOrder>;
}

interface OperatorRoutesOptions {
  operators: Operators;
  /** Requests of operators that wait for an answer. */
  waiting: WaitingRoom;
}

/** `npm run review` over HTTP: `GET /v1/operations/orders/{order_id}`, `POST …/decisions`, and bulk decisions. */
export function registerOperatorRoutes(app: FastifyInstance, { operators, waiting }: OperatorRoutesOptions): void {
  app.setErrorHandler(answerOperator);
  registerBulkRoutes(app, { operators, waiting });

  app.get<{ Params: { order_id: string } }>('/v1/operations/orders/:order_id', async (request, reply) => {
    const id = hyphenatedUuid.safeParse(request.params.order_id);
    if (!id.success) return sendNoOrderId(reply);
    const found = await waiting.enter(request.callerName, () => operators.lookAt({ orderId: id.data }));
    if (found === undefined) return sendOverloaded(reply, 'Send it again.');
    return reply.send(stateBody(id.data, found));
  });

  app.post<{ Params: { order_id: string } }>('/v1/operations/orders/:order_id/decisions', async (request, reply) => {
    const sent = sentDecision(request);
    if ('problem' in sent) return sendProblem(reply, sent.problem);
    const { body } = sent;
    const id = hyphenatedUuid.safeParse(request.params.order_id);
    if (!id.success) return sendNoOrderId(reply);
    const faults = faultsOf(body, id.data);
    if (faults.length > 0) return sendProblem(reply, { code: 'DecisionInvalid', detail: faults.join(' ') });

    const { idempotency_key: key, ...wanted } = body as OperatorRequest & { idempotency_key?: string };
    const order = { orderId: id.data, idempotencyKey: key?.toLowerCase() };
    const said = { order_id: id.data, decision: wanted.decision };
    const outcome = await waiting.enter(request.callerName, async (stopWaiting): Promise<DecisionOutcome> => {
      whenNobodyWaits(request, reply, () => stopWaiting.abort());
      const submission = new Submission({ patience, id: sent.id, stopWaiting: stopWaiting.signal });
      try {
        return { ...said, state: 'DONE', message: await operators.act(order, wanted, submission) };
      } catch (error) {
        if (!(error instanceof OperatorError) || error.outcome !== 'under way') throw error;
        return { ...said, state: 'UNDER_WAY', message: error.message };
      }
    });
    if (outcome === undefined) return sendOverloaded(reply, 'Nothing was decided. Send it again.');
    return reply.status(outcome.state === 'DONE' ? 200 : 202).send(outcome);
  });
}

/** What is wrong with the body of a decision about this order, in sentences for the operator. */
function faultsOf(body: object, orderId: string): string[] {
  const given = new Map<string, unknown>(Object.entries(body));
  const name = decisionNames.find((one) => one === given.get('decision'));
  if (name === undefined) return faultsOfOperatorRequest(body);
  const schema = decisionSchemas[name];
  const known = Object.keys(schema.shape);
  const request = Object.fromEntries(
    [...given].filter(([field]) => known.includes(field) && field !== 'idempotency_key'),
  );
  const faults = faultsOfOperatorRequest(request);
  if ([...given.keys()].some((field) => !known.includes(field))) {
    faults.push(`A field is given that "${name}" does not take. Its fields are ${known.join(', ')}.`);
  }
  const key = given.get('idempotency_key');
  if (key !== undefined && (typeof key !== 'string' || deriveOrderId(key) !== orderId)) {
    faults.push('"idempotency_key" is not that of this order. Take it from the order in Directus, or leave it out.');
  }
  if (faults.length > 0) return faults;
  const { error } = schema.safeParse(body);
  return (error?.issues ?? []).map(({ path }) => `"${String(path[0])}" has to be as /openapi.json describes it.`);
}

function stateBody(orderId: string, { run, state }: KnownOrder): OrderStateBody {
  const stage = state?.stage ?? run.stage;
  const code = state?.failure?.code ?? run.failureCode;
  const partnerId = state?.ridendine_order_id ?? run.ridendineOrderId;
  return {
    order_id: orderId,
    workflow_id: run.workflowId,
    run: run.isOpen ? 'OPEN' : 'ENDED',
    ...(stage && { stage }),
    ...(partnerId && { ridendine_order_id: partnerId }),
    ...(state?.payment_session_id && { payment_session_id: state.payment_session_id }),
    ...(isFailureCode(code) && { failure: { code, ...(state?.failure && { reason: state.failure.reason }) } }),
    ...(state?.review_overdue && { review_overdue: true }),
  };
}

function sendNoOrderId(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, { code: 'OrderNotFound', detail: 'Send the id of an order, a UUID.' });
}
