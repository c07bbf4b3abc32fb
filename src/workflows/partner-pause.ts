import { ApplicationFailure, condition, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import type { PartnerPauseInput } from '../contract/partner-pause.ts';
import { faultsOfWhoAndWhy } from '../contract/updates.ts';
import { minuteOf } from '../domain/spoken-time.ts';
import { verbatim } from './markdown.ts';

/**
 * While a run of this workflow is open, workers make no calls to RideNDine: they look for such a run. The run itself
 * only waits, for `for_ms` or until somebody ends it.
 *
 * @throws ApplicationFailure `InputInvalid` if the input is not a pause.
 */
export async function partnerPause(pause: PartnerPauseInput): Promise<void> {
  requirePause(pause);
  const { for_ms } = pause;
  setCurrentDetails(details(pause));
  if (for_ms === undefined) await condition(() => false);
  else await sleep(for_ms);
}

function details({ actor, reason, for_ms }: PartnerPauseInput): string {
  const untilMs = workflowInfo().startTime.getTime() + (for_ms ?? 0);
  return [
    '### While this run is open, calls to RideNDine are paused',
    `Paused by ${verbatim(actor)}: ${verbatim(reason)}.`,
    'Orders come in and are written to Directus. There they wait, and are sent once the calls are resumed. One whose quote has run out by then ends as failed.',
    for_ms === undefined
      ? 'It lasts until somebody ends this run.'
      : `It ends by itself at ${minuteOf(new Date(untilMs).toISOString())}.`,
    '**What you can do:** To resume the calls now, press *Request Cancellation*, or have somebody run `npm run ridendine -- resume`, which records who did it and why.',
  ].join('\n\n');
}

/** An operator may start a pause by hand, with any input. */
function requirePause(input: PartnerPauseInput): void {
  const { for_ms, ...words } = Object(input) as Partial<PartnerPauseInput>;
  const faults = faultsOfWhoAndWhy(words);
  if (for_ms !== undefined && !(Number.isSafeInteger(for_ms) && for_ms > 0)) {
    faults.push('"for_ms" has to be a whole number of milliseconds.');
  }
  if (faults.length > 0) throw ApplicationFailure.nonRetryable(faults.join(' '), 'InputInvalid');
}
