import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  defineUpdate,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { RESUME_CALLS_UPDATE } from '../contract/partner-pause.ts';
import type { PartnerPauseEnd, PartnerPauseInput } from '../contract/partner-pause.ts';
import { faultsOfCancelRequest, withoutBlanksAtEnds } from '../contract/updates.ts';
import type { CancelRequest } from '../contract/updates.ts';
import { minuteOf } from '../domain/spoken-time.ts';
import { refuseDecision } from './decisions.ts';
import { verbatim } from './markdown.ts';

const resumeCalls = defineUpdate<string, [CancelRequest]>(RESUME_CALLS_UPDATE);

/**
 * Pauses the calls to RideNDine until somebody resumes them or its time is over. It does nothing itself: workers look
 * whether a run is open. One that is cancelled or terminated ends the pause, too.
 */
export async function partnerPause(pause: PartnerPauseInput): Promise<PartnerPauseEnd> {
  requirePause(pause);
  let resumed: CancelRequest | undefined;
  setCurrentDetails(isPaused(pause));
  setHandler(
    resumeCalls,
    (request) => {
      resumed = withoutBlanksAtEnds(request);
      return 'Calls to RideNDine are resumed.';
    },
    {
      validator: (request) => {
        const faults = faultsOfCancelRequest(request);
        if (faults.length > 0) refuseDecision(faults.join(' '));
      },
    },
  );
  const untilMs = pause.until === undefined ? undefined : Date.parse(pause.until) - Date.now();
  try {
    await (untilMs === undefined
      ? condition(() => resumed !== undefined)
      : condition(() => resumed !== undefined, Math.max(0, untilMs)));
  } finally {
    setCurrentDetails(hasEnded(pause, resumed));
  }
  await condition(allHandlersFinished);
  return resumed ? { ended: 'resumed', ...resumed } : { ended: 'time over' };
}

function isPaused(pause: PartnerPauseInput): string {
  return [
    '### Calls to RideNDine are paused',
    wanted(pause),
    'Orders come in and are written to Directus. There they wait, and are sent once the calls are resumed; one whose quote has run out by then ends as failed.',
    pause.until === undefined
      ? 'It lasts until somebody resumes the calls.'
      : `It ends by itself at ${minuteOf(pause.until)}.`,
    `**What you can do:** To resume the calls now, send the update \`${RESUME_CALLS_UPDATE}\` with your name and the reason filled in: \`{"actor": "…", "reason": "…"}\`. The orders that wait are then sent within a minute.`,
  ].join('\n\n');
}

function hasEnded(pause: PartnerPauseInput, resumed: CancelRequest | undefined): string {
  return [
    '### Calls to RideNDine are resumed',
    wanted(pause),
    ...(resumed ? [`Resumed by ${verbatim(resumed.actor)}: ${verbatim(resumed.reason)}.`] : []),
  ].join('\n\n');
}

function wanted({ actor, reason }: PartnerPauseInput): string {
  return `Paused by ${verbatim(actor)}: ${verbatim(reason)}.`;
}

/** Somebody may start one by hand. */
function requirePause(input: PartnerPauseInput): void {
  const { until, ...words } = Object(input) as Partial<PartnerPauseInput>;
  const faults = faultsOfCancelRequest(words);
  if (until !== undefined && Number.isNaN(Date.parse(until))) faults.push('"until" has to be a time in ISO 8601.');
  if (faults.length > 0) throw ApplicationFailure.nonRetryable(faults.join(' '), 'InputInvalid');
}
