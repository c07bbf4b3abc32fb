import { randomUUID } from 'node:crypto';
import { bulkDecisionWorkflowId } from '../../contract/bulk-decision.ts';
import type { DecisionForMany } from '../../contract/bulk-decision.ts';
import { startBulkDecision, watchBulkDecision } from '../../operators/bulk-decision.ts';
import type { BulkDecisionView } from '../../operators/bulk-decision.ts';
import { listRunsInReview } from '../../operators/find-run.ts';
import type { ReviewFilter } from '../../operators/find-run.ts';
import { nameOf } from '../../operators/send-update.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import { CommandError, print, textTable } from '../command.ts';
import { confirm } from '../confirm.ts';
import { moment } from './show-order.ts';

interface DecideAll {
  filter: ReviewFilter;
  limit: number;
  /** `undefined`: only show which orders are meant. */
  decision: DecisionForMany | undefined;
  /** Whether the operator has confirmed already that these orders are meant (`--yes`). */
  isConfirmed: boolean;
}

/** Shows which orders in review are meant, asks, decides about all of them, and says what came of each. */
export async function decideAll(
  temporal: TemporalAccess,
  { filter, limit, decision, isConfirmed }: DecideAll,
  perSecond: number,
): Promise<'failed' | void> {
  const all = await listRunsInReview(temporal, filter);
  const runs = all.toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime()).slice(0, limit);
  const rows = runs.map((run) => [nameOf(run), moment(run.startedAt), run.failureCode ?? '-', run.quoteId ?? '-']);
  print(...textTable([['ORDER', 'BEGAN', 'FAILURE', 'QUOTE'], ...rows]), '');
  print(`${runs.length} of ${all.length} orders in review with this failure.`);
  if (runs.length === 0 || decision === undefined) return;
  if (!isConfirmed) {
    const question = `RideNDine was asked, and has none of these ${runs.length} orders: "${decision.decision}" for all of them?`;
    await confirm(question, 'Nothing was decided.');
  }
  const id = randomUUID();
  await startBulkDecision(temporal, { id, decision, runs, perSecond });
  print(
    `At most ${perSecond} orders a second. It goes on by itself, also if this command is ended.`,
    `To see how far it is: npm run review -- watch ${id}`,
    `To stop it: "Request Cancellation" of the workflow ${bulkDecisionWorkflowId(id)} in the Temporal UI.`,
    '',
  );
  return await watchDecision(temporal, id);
}

/** Prints how far a bulk decision is until it ends, and then the outcome. @throws {CommandError} it was stopped. */
export async function watchDecision(temporal: TemporalAccess, id: string): Promise<'failed' | void> {
  const { progress, decided, refused, left } = await watchBulkDecision(temporal, id, { onChange: tellHowFar });
  if (refused.length > 0) {
    print('', ...textTable([['ORDER', 'WHY NOT'], ...refused.map(({ order, reason }) => [order, reason])]));
  }
  print('', ...textTable([['DECIDED', 'REFUSED', 'LEFT'], [decided, refused.length, left].map(String)]));
  if (progress === 'stopped') throw new CommandError('It was stopped before all orders had their turn.');
  return refused.length > 0 ? 'failed' : undefined;
}

function tellHowFar({ decided, refused, left }: BulkDecisionView): void {
  print(`${decided} decided, ${refused.length} refused, ${left} left`);
}
