import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { bulkDecisionWorkflowId } from '../contract/bulk-decision.ts';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { faultsOfReviewDecision, withoutBlanksAtEnds } from '../contract/updates.ts';
import type { BulkDecisionOutcome, BulkDecisionView, ManyToDecide } from '../operators/bulk-decision.ts';
import { whenNobodyWaits } from '../runtime/half-close.ts';
import { decisionForManySchema } from './operator-bodies.ts';
import type { ManyDecided } from './operator-bodies.ts';
import { sendOverloaded, sentDecision } from './operator-answers.ts';
import { sendProblem } from './problem.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** The same as for a decision about one order: a person waits in front of a form. */
const WAIT_MS = 12_000;

export interface BulkOperators {
  /** `decideAboutMany` of src/operators/bulk-decision.ts; the access to Temporal and the rate are bound already. */
  decideAboutMany(bulk: ManyToDecide): Promise<BulkDecisionOutcome>;
  /** How far the bulk decision with this id has come. */
  lookAtMany(id: string): Promise<BulkDecisionView>;
}

/** `POST /v1/operations/decisions`, and `GET /v1/operations/decisions/{id}`. */
export function registerBulkRoutes(
  app: FastifyInstance,
  { operators, waiting }: { operators: BulkOperators; waiting: WaitingRoom },
): void {
  app.post('/v1/operations/decisions', async (request, reply) => {
    const sent = sentDecision(request);
    if ('problem' in sent) return sendProblem(reply, sent.problem);
    const { body } = sent;
    const parsed = decisionForManySchema.safeParse(body);
    if (!parsed.success) {
      return sendProblem(reply, { code: 'DecisionInvalid', detail: faultsOf(body, parsed.error.issues).join(' ') });
    }
    const { order_ids, ...decision } = parsed.data;
    const faults = faultsOfReviewDecision(decision);
    if (faults.length > 0) return sendProblem(reply, { code: 'DecisionInvalid', detail: faults.join(' ') });

    const outcome = await waiting.enter(request.callerName, (stopWaiting) => {
      whenNobodyWaits(request, reply, () => stopWaiting.abort());
      return operators.decideAboutMany({
        id: sent.id ?? randomUUID(),
        decision: withoutBlanksAtEnds(decision),
        orderIds: [...new Set(order_ids)],
        waitMs: WAIT_MS,
        stopWaiting: stopWaiting.signal,
      });
    });
    if (outcome === undefined) return sendOverloaded(reply, 'Nothing was decided. Send it again.');
    const answer = manyDecided(outcome);
    return reply.status(answer.state === 'UNDER_WAY' ? 202 : 200).send(answer);
  });

  app.get<{ Params: { id: string } }>('/v1/operations/decisions/:id', async (request, reply) => {
    const id = hyphenatedUuid.safeParse(request.params.id);
    if (!id.success) return sendProblem(reply, { code: 'OrderNotFound', detail: 'Send the id of a decision, a UUID.' });
    const view = await waiting.enter(request.callerName, () => operators.lookAtMany(id.data));
    if (view === undefined) return sendOverloaded(reply, 'Send it again.');
    return reply.send(manyDecided({ id: id.data, view, notInReview: [] }));
  });
}

/** What is wrong with the body. Faults that a decision about one order can also have are worded the same. */
function faultsOf(body: object, issues: { path: PropertyKey[] }[]): string[] {
  const { order_ids: _ids, ...decision } = body as { order_ids?: unknown };
  const { decision: name } = decision as { decision?: unknown };
  if (name === 'link' || name === 'cancel' || name === 'correct-link') {
    return [`"${name}" is for one order at a time. For several there are "retry" and "abandon".`];
  }
  const faults = faultsOfReviewDecision(decision);
  if (issues.some(({ path }) => path[0] === 'order_ids')) {
    faults.push('"order_ids" has to be a list of ids of orders, from 1 to 1000.');
  }
  return faults.length > 0 ? faults : ['The body has to be as /openapi.json describes it.'];
}

const states = { done: 'DONE', 'under way': 'UNDER_WAY', stopped: 'STOPPED' } as const;

function manyDecided({ id, view, notInReview }: BulkDecisionOutcome): ManyDecided {
  return {
    id,
    state: states[view?.progress ?? 'under way'],
    ...(view && {
      decided: view.decided,
      refused: view.refused.map(({ order, reason }) => ({ order_id: order, reason })),
      left: view.left,
    }),
    ...(notInReview.length > 0 && { not_in_review: notInReview }),
    message: messageOf(id, view, notInReview),
  };
}

function messageOf(id: string, view: BulkDecisionView | undefined, notInReview: string[]): string {
  const alone = notInReview.length === 0 ? '' : ` Not in review, and left as they are: ${notInReview.join(', ')}.`;
  const whereToLook = ` The workflow ${bulkDecisionWorkflowId(id)} in the Temporal UI tells the rest.`;
  if (view === undefined) return `The decision was taken, and goes on by itself.${whereToLook}${alone}`;
  const { progress, decided, refused, left } = view;
  const all = decided + refused.length + left;
  const begin = { done: 'Done', 'under way': 'It goes on by itself', stopped: 'It was stopped' }[progress];
  const why = refused.map(({ order, reason }) => ` ${order}: ${reason}`).join('');
  const told = refused.length > 0 ? ` Refused: ${refused.length}.${why}` : '';
  return `${begin}: ${decided} of ${all} orders.${told}${progress === 'done' ? '' : whereToLook}${alone}`;
}
