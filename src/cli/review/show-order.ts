import type { PayloadCodec } from '@temporalio/common';
import ms from 'ms';
import { failures, isFailureCode } from '../../domain/failures.ts';
import { failureReason } from '../../temporal/failure-reason.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import { inReviewSince } from '../../operators/find-run.ts';
import type { OrderRunDetails } from '../../operators/find-run.ts';
import { askForState } from '../../operators/order-state.ts';

/**
 * How an order stands and what can be done, as lines for a person. If no worker answers, they tell only what Temporal
 * knows.
 *
 * @throws {TemporalAccessError}
 */
export async function describeOrder(
  temporal: TemporalAccess,
  run: OrderRunDetails,
  codec: PayloadCodec,
): Promise<string[]> {
  const state = await askForState(temporal, run);
  const since = run.isOpen && run.stage === 'NEEDS_REVIEW' ? await inReviewSince(temporal, run) : undefined;
  const failureCode = state?.failure?.code ?? run.failureCode;
  const rows: [string, string | undefined][] = [
    ['stage', state?.stage ?? run.stage],
    ['in review since', since && moment(since)],
    ['', state?.review_overdue && 'The review is overdue: REVIEW_WINDOW has passed.'],
    ['run', run.isOpen ? `goes on since ${moment(run.startedAt)}` : run.status],
    ['order', state?.order_id ?? run.orderId],
    ['quote', run.quoteId],
    ['RideNDine order', state?.ridendine_order_id ?? run.ridendineOrderId],
    ['payment session', state?.payment_session_id],
    ['failure', failureCode],
    ['', isFailureCode(failureCode) ? failures[failureCode].meaning : undefined],
    ['', state?.failure?.reason],
    ...(await pendingSteps(run, codec)).map((step): [string, string] => ['pending step', step]),
    ['', state === undefined ? 'No worker answers: what only the run itself knows is missing here. Start one.' : ''],
  ];
  return [
    run.workflowId,
    ...rows.flatMap(([label, value]) => (value ? [`  ${label.padEnd(LABEL_WIDTH)}${value}`] : [])),
    '',
    'What can be done:',
    ...nextSteps(run).map((line) => `  ${line}`),
  ];
}

const LABEL_WIDTH = 'in review since  '.length;

/** A time, and how long ago it was (at least a second). */
export function moment(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z (${ms(Math.max(Date.now() - date.getTime(), 1000), { long: true })} ago)`;
}

async function pendingSteps({ pendingActivities }: OrderRunDetails, codec: PayloadCodec): Promise<string[]> {
  return Promise.all(
    pendingActivities.map(async ({ activityType, attempt, lastFailure, scheduledTime }) => {
      const step = `${activityType?.name ?? 'a step'}, attempt ${attempt ?? 1}`;
      if (!lastFailure) return step;
      const nextMs = Number(scheduledTime?.seconds ?? 0) * 1000 - Date.now();
      const next = nextMs > 0 ? ` The next attempt is in ${ms(nextMs, { long: true })}.` : '';
      return `${step}; the last one failed: ${await failureReason(lastFailure, codec)}${next}`;
    }),
  );
}

const LOOK_IT_UP = 'Look the order up at RideNDine.';

function nextSteps({ isOpen, stage, status, orderId, workflowId, failureCode, pendingActivities }: OrderRunDetails) {
  const id = orderId ?? workflowId;
  if (isOpen && stage === 'NEEDS_REVIEW') {
    const who = '--actor <you> --reason <why>';
    return [
      isFailureCode(failureCode) ? (failures[failureCode].advice.inReview ?? LOOK_IT_UP) : LOOK_IT_UP,
      'Then decide:',
      'RideNDine has it:',
      `  npm run review -- link ${id} --ridendine-order-id <id> --payment-session-id <id> ${who}`,
      'RideNDine does not have it, and it shall be made:',
      `  npm run review -- retry ${id} ${who}`,
      'RideNDine does not have it or has cancelled it, and no order shall come of it:',
      `  npm run review -- abandon ${id} ${who}`,
    ];
  }
  if (isOpen) {
    const failing = pendingActivities.find(({ lastFailure }) => lastFailure);
    if (!failing) return ['Nothing: it goes on by itself.'];
    const code = failing.lastFailure?.applicationFailureInfo?.type;
    const advice = isFailureCode(code) ? failures[code].advice.whileTried : undefined;
    return ['The step is tried again by itself.', advice ?? 'What it fails at has to be mended.'];
  }
  switch (stage) {
    case 'LINKED':
      return ['Nothing: the order is linked.'];
    case 'CANCELLED':
      return ['Nothing: the order was cancelled for good. The customer has to order anew.'];
    case 'FAILED':
      return [
        isFailureCode(failureCode) ? failures[failureCode].advice.whenFailed : 'The Temporal UI shows how it ended.',
      ];
    case 'VALIDATING':
    case 'CREATING_RECORD':
    case 'CREATING_RIDENDINE_ORDER':
    case 'SAVING_LINK':
    case 'NEEDS_REVIEW':
    case undefined:
      return [
        `The run was ended from outside (${status}). If the order exists, the sweep continues it; the same request does so at once.`,
      ];
  }
}
