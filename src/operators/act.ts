import type { LinkCorrection } from '../contract/correction.ts';
import {
  faultsOfCancelRequest,
  faultsOfLinkCorrection,
  faultsOfReviewDecision,
  withoutBlanksAtEnds,
} from '../contract/updates.ts';
import type { CancelRequest, ReviewDecision } from '../contract/updates.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { correctLink } from './correct-link.ts';
import { decide, outcomeOf } from './decide.ts';
import { findRun } from './find-run.ts';
import type { Patience } from './send-update.ts';
import { stopOrder } from './stop-order.ts';

/** What an operator may want of an order: a decision of its review, to stop it, or other ids for one that is linked. */
export type OperatorRequest =
  | ReviewDecision
  | (CancelRequest & { decision: 'stop' })
  | (Omit<LinkCorrection, 'idempotency_key'> & { decision: 'correct-link' });

const CHOICES = ['retry', 'link', 'abandon', 'stop', 'correct-link'] as const;

/** What keeps `input` from being an {@link OperatorRequest}, each fault a sentence that repeats no value. */
export function faultsOfOperatorRequest(input: object): string[] {
  const { decision, ...others } = input as { decision?: unknown };
  if (!CHOICES.some((choice) => choice === decision)) {
    return [`"decision" has to be one of ${CHOICES.map((choice) => `"${choice}"`).join(', ')}.`];
  }
  switch (decision) {
    case 'stop':
      return faultsOfCancelRequest(others);
    case 'correct-link':
      return faultsOfLinkCorrection(others, (field) => `"${field}"`);
    default:
      return faultsOfReviewDecision(input);
  }
}

/**
 * Does what an operator wants of an order, and waits for what comes of it.
 *
 * @param orderId or another id of the order.
 * @param request without faults.
 * @returns what came of it, in a sentence.
 * @throws {OperatorError} it was not done, or not yet.
 * @throws {TemporalAccessError}
 */
export async function act(
  temporal: TemporalAccess,
  orderId: string,
  request: OperatorRequest,
  patience: Patience,
): Promise<string> {
  if (request.decision === 'correct-link') {
    const { decision: _decision, ...correction } = request;
    const patienceMs = patience.acceptedWithinMs + patience.carriedOutWithinMs;
    return await correctLink(temporal, orderId, withoutBlanksAtEnds(correction as LinkCorrection), patienceMs);
  }
  const run = await findRun(temporal, orderId);
  if (request.decision === 'stop') {
    const { decision: _decision, ...cancellation } = request;
    return await stopOrder(temporal, run, withoutBlanksAtEnds(cancellation), patience);
  }
  const decision = withoutBlanksAtEnds(request);
  await decide(temporal, run, decision, patience);
  return outcomeOf(run, decision);
}
