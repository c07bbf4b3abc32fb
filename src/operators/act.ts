import { decisionNames } from '../contract/decisions.ts';
import type { DecisionName } from '../contract/decisions.ts';
import type { LinkCorrection } from '../contract/correction.ts';
import { orderCreationWorkflowId } from '../contract/runs.ts';
import {
  faultsOfWhoAndWhy,
  faultsOfLinkCorrection,
  faultsOfReviewDecision,
  withoutBlanksAtEnds,
} from '../contract/updates.ts';
import type { WhoAndWhy, ReviewDecision } from '../contract/updates.ts';
import { untilDeadline } from '../temporal/temporal-access.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { correctLink } from './correct-link.ts';
import { cancelOrder, decide } from './decide.ts';
import { findRunOf } from './find-run.ts';
import type { OrderIdentity } from './find-run.ts';
import { unknownOrder } from './order-state.ts';
import type { Submission } from './submission.ts';

/** What an operator can ask for: a decision about an order in review, a cancellation, or the correction of a link. */
export type OperatorRequest = Requests[DecisionName];

interface Requests {
  retry: Extract<ReviewDecision, { decision: 'retry' }>;
  link: Extract<ReviewDecision, { decision: 'link' }>;
  abandon: Extract<ReviewDecision, { decision: 'abandon' }>;
  cancel: WhoAndWhy & { decision: 'cancel' };
  'correct-link': Omit<LinkCorrection, 'idempotency_key'> & { decision: 'correct-link' };
}

/** How long the search for the order's run may take, before anything is sent. */
const FOUND_WITHIN_MS = 6_000;

/** @returns one sentence for each reason why `input` is no {@link OperatorRequest}. No sentence repeats a value. */
export function faultsOfOperatorRequest(input: object): string[] {
  const { decision, ...others } = input as { decision?: unknown };
  const name = decisionNames.find((one) => one === decision);
  switch (name) {
    case undefined:
      return [`"decision" has to be one of ${decisionNames.map((one) => `"${one}"`).join(', ')}.`];
    case 'cancel':
      return faultsOfWhoAndWhy(others);
    case 'correct-link':
      return faultsOfLinkCorrection(others, (field) => `"${field}"`);
    case 'retry':
    case 'link':
    case 'abandon':
      return faultsOfReviewDecision(input);
  }
}

/**
 * Sends an operator's request about an order to Temporal, and waits for the outcome.
 *
 * @param request must have no faults ({@link faultsOfOperatorRequest}).
 * @returns the outcome, as a sentence for the operator.
 * @throws {OperatorError} the request was not carried out, or its outcome is not known yet.
 * @throws {TemporalAccessError} Temporal could not be asked; nothing was sent.
 */
export async function act(
  access: TemporalAccess,
  order: OrderIdentity,
  request: OperatorRequest,
  submission: Submission,
): Promise<string> {
  const { acceptedWithinMs, carriedOutWithinMs } = submission.patience;
  const temporal = untilDeadline(access, Date.now() + FOUND_WITHIN_MS + acceptedWithinMs + carriedOutWithinMs);
  return await submission.whileWaitedFor(async () => {
    const run = await findRunOf(temporal, order);
    if (request.decision === 'correct-link') {
      const { decision: _decision, ...correction } = request;
      const { idempotencyKey: key } = order;
      const workflowId = run?.workflowId ?? (key && orderCreationWorkflowId(key));
      if (!workflowId) throw unknownOrder();
      return await correctLink(temporal, { workflowId, run }, withoutBlanksAtEnds(correction), submission);
    }
    if (run === undefined) throw unknownOrder();
    if (request.decision === 'cancel') {
      const { decision: _decision, ...cancellation } = request;
      return await cancelOrder(temporal, run, withoutBlanksAtEnds(cancellation), submission);
    }
    return await decide(temporal, run, withoutBlanksAtEnds(request), submission);
  });
}
