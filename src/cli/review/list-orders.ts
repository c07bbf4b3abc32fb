import { textTable } from '../command.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import { inReviewSince, listRunsInReview } from '../../operators/find-run.ts';
import { nameOf } from '../../operators/send-update.ts';
import { moment } from './show-order.ts';

/** How many histories are read at the same time. */
const AT_ONCE = 10;

/** The orders in review, the oldest first, as lines for a person. @throws {TemporalAccessError} */
export async function listOrders(temporal: TemporalAccess): Promise<string[]> {
  const runs = await listRunsInReview(temporal);
  if (runs.length === 0) return ['none'];
  const dated: { run: (typeof runs)[number]; since: Date }[] = [];
  for (let first = 0; first < runs.length; first += AT_ONCE) {
    const some = runs.slice(first, first + AT_ONCE);
    dated.push(
      ...(await Promise.all(
        some.map(async (run) => ({ run, since: (await inReviewSince(temporal, run)) ?? run.startedAt })),
      )),
    );
  }
  dated.sort((a, b) => a.since.getTime() - b.since.getTime());
  const rows = dated.map(({ run, since }) => [nameOf(run), moment(since), run.failureCode ?? '-', run.quoteId ?? '-']);
  return textTable([['ORDER', 'IN REVIEW SINCE', 'FAILURE', 'QUOTE'], ...rows]);
}
