import { failures } from '../domain/failures.ts';
import type { OrderCreationState } from '../contract/runs.ts';
import type { PartnerPause } from '../domain/partner-pause.ts';
import { minuteOf } from '../domain/spoken-time.ts';
import type { SupportAction } from '../domain/support-action.ts';
import { verbatim } from './markdown.ts';
import { MINUTES_BEFORE_THE_RECORD } from './policies.ts';
import type { Story } from './story.ts';
import type { SupportLinks } from '../activities/order-creation-activities.ts';

/** What the current details of a run show. */
export interface RunView {
  state: OrderCreationState;
  /** Until when RideNDine is asked. Set once the run begins to ask RideNDine. */
  asked_until?: AskedUntil;
  /** Set while the order waits because calls to RideNDine are paused. */
  pause?: PartnerPause | undefined;
  /** Whether this run continues an order that an earlier run left half-way. */
  is_continuation?: boolean;
  /** Who has asked to cancel the order, if somebody has. */
  cancelled_by?: SupportAction;
  /** Somebody asked Temporal to cancel the run at a time when such a request changes nothing. */
  cancellation_ignored?: boolean;
  /** Why the run gives the order up. Set while the run still has to write that to Directus. */
  given_up_for?: OrderCreationState['failure'];
  links?: SupportLinks;
}

export type AskedUntil =
  | {
      /** The deadline while nothing was sent; absent if an earlier call may have arrived. ISO 8601. */
      not_sent?: string;
      /** The deadline once a call may have arrived at RideNDine. ISO 8601. */
      maybe_sent: string;
    }
  /** The deadline has passed, and support staff decided to ask RideNDine once more. */
  | 'once';

/** The Temporal UI makes its frame one line too low for the text, so the text ends with an empty line. */
const ROOM_BELOW = '\u00a0';

interface Sections {
  title: string;
  happened: string;
  next: string;
  can: string;
}

/** The state of a run in Markdown, for people who do not program. The Temporal UI shows it as "Current Details". */
export function currentDetails(view: RunView, story: Pick<Story, 'table'>): string {
  const { title, happened, next, can } = sectionsOf(view);
  return [
    `### ${title}`,
    story.table(),
    placesOf(view),
    `**What happened:** ${happened}`,
    `**What happens next:** ${next}`,
    `**What you can do:** ${can}`,
    ROOM_BELOW,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function sectionsOf(view: RunView): Sections {
  const { state } = view;
  switch (state.stage) {
    case 'VALIDATING':
      if (view.is_continuation) return continued(view);
      return {
        title: 'The checkout is being checked',
        happened: 'The customer has confirmed the checkout. No order has been written yet.',
        next: `Quote, store and customer are read from Directus. If Directus does not answer, it is asked again for ${MINUTES_BEFORE_THE_RECORD} minutes.`,
        can: untilItIsSent(view),
      };
    case 'CREATING_RECORD':
      if (view.is_continuation) return continued(view);
      if (view.given_up_for) return givenUp(view);
      return {
        title: 'The order is being written to Directus',
        happened: 'The checkout is in order. RideNDine knows nothing of it yet.',
        next: `The order is written to Directus. If Directus does not answer, that is tried again for ${MINUTES_BEFORE_THE_RECORD} minutes.`,
        can: untilItIsSent(view),
      };
    case 'CREATING_RIDENDINE_ORDER':
      return {
        title: view.pause ? 'The order waits: calls to RideNDine are paused' : 'RideNDine is asked to create the order',
        happened: ['The order is in Directus, waiting for its payment session.', ...pauseOf(view)].join(' '),
        next: view.cancelled_by ? BEING_STOPPED : untilWhen(view),
        can: untilItIsCreated(view),
      };
    case 'SAVING_LINK':
      return {
        title: "RideNDine's ids are being saved",
        happened: 'RideNDine has created the order. Its ids are known.',
        next: 'They are written on the order in Directus, and that is tried until it succeeds.',
        can: tooLate(view) ?? LOOK_AT_PENDING,
      };
    case 'LINKED':
      return {
        title: 'Done: the order is linked',
        happened: 'The order is in Directus and at RideNDine, and each knows the other.',
        next: 'The customer pays. What comes after that is not part of this workflow.',
        can: tooLate(view) ?? 'Nothing is left to do here.',
      };
    case 'NEEDS_REVIEW':
      return inReview(view);
    case 'FAILED':
      return {
        title: 'The checkout did not become an order',
        happened: failureSentence(state.failure),
        next: mayBeSentAgain(state)
          ? 'Nothing more in this run. If the customer sends the same checkout again, it is tried again.'
          : 'Nothing more in this run.',
        can: state.failure ? failures[state.failure.code].advice.whenFailed : '',
      };
    case 'CANCELLED':
      return {
        title: 'Cancelled',
        happened: `RideNDine does not have the order, and the order in Directus says that it is cancelled. ${whoCancelled(view)}`,
        next: 'Nothing. The same checkout, sent again, makes no order.',
        can: failures.OrderCancelled.advice.whenFailed,
      };
  }
}

const LOOK_AT_PENDING =
  'Nothing, as long as this takes seconds. If it takes longer, *Pending Activities* says what stands in the way and when it is tried again.';

const BEING_STOPPED =
  'RideNDine is not asked again. If RideNDine certainly does not have the order, it is cancelled; if they may have it, it comes to you for review. If a call that is under way brings the order, it is linked.';

function pauseOf({ pause }: RunView): string[] {
  if (!pause) return [];
  const { since, until, by } = pause;
  return [
    `Calls to RideNDine are paused since ${minuteOf(since)}${by ? `, by ${verbatim(by.actor)}: ${verbatim(by.reason)}` : ''}.`,
    `The order is sent once they are resumed${until === undefined ? '' : `, by themselves at ${minuteOf(until)}`}.`,
  ];
}

function untilItIsSent(view: RunView): string {
  if (view.cancelled_by) return `Nothing: it is being cancelled. ${whoCancelled(view)}`;
  return `${LOOK_AT_PENDING} The order can still be cancelled: send the update \`cancelOrder\`.`;
}

function untilItIsCreated(view: RunView): string {
  if (view.cancelled_by) return `Nothing: it is being stopped. ${whoCancelled(view)}`;
  return `${LOOK_AT_PENDING} To stop the order, cancel it in Directus, or send the update \`cancelOrder\`: RideNDine is then not asked again.`;
}

/** What to say if somebody asked to cancel an order that RideNDine has; `undefined` if nobody asked. */
function tooLate(view: RunView): string | undefined {
  const { cancelled_by, cancellation_ignored } = view;
  if (!cancelled_by && !cancellation_ignored) return undefined;
  const who = whoCancelled(view) || '*Request Cancellation* was pressed.';
  return `${who} That came too late: RideNDine had been asked, and has created the order. If nobody wants it, have RideNDine cancel it.`;
}

function whoCancelled({ cancelled_by }: RunView): string {
  if (!cancelled_by) return '';
  return `${verbatim(cancelled_by.actor)} asked to cancel the order: ${verbatim(cancelled_by.reason)}.`;
}

function givenUp(view: RunView): Sections {
  return {
    title: 'The order could not be written',
    happened: `${failureSentence(view.given_up_for)} Nothing was sent to RideNDine.`,
    next: view.cancelled_by
      ? 'Directus is told as soon as it answers. Then this run ends as cancelled.'
      : 'Directus is told that the order has failed, as soon as it answers. Then this run ends. If the customer sends the same checkout again after that, it is tried again.',
    can: untilItIsSent(view),
  };
}

function continued(view: RunView): Sections {
  return {
    title: 'This run continues an order that an earlier run left half-way',
    happened: 'An earlier run wrote the order to Directus and then was lost. RideNDine may have it.',
    next: `The order is read from Directus. If Directus does not answer, it is asked again for ${MINUTES_BEFORE_THE_RECORD} minutes, and after that by another run.`,
    can: view.cancelled_by
      ? `Nothing: it is being stopped, and comes to you for review. ${whoCancelled(view)}`
      : `${LOOK_AT_PENDING} To stop the order, cancel it in Directus, or send the update \`cancelOrder\`: it then comes to you for review.`,
  };
}

function inReview(view: RunView): Sections {
  const { state, cancelled_by, cancellation_ignored } = view;
  const advice = state.failure && failures[state.failure.code].advice.inReview;
  return {
    title: state.review_overdue ? 'Your decision is overdue' : 'Your decision is needed',
    happened: [failureSentence(state.failure), cancelled_by && whoCancelled(view)]
      .filter((sentence) => sentence !== undefined)
      .join(' '),
    next: 'Nothing, until you decide.',
    can: [
      cancellation_ignored
        ? '*Request Cancellation* was pressed, and changes nothing while an order is in review. To give the order up, decide "abandon".'
        : '',
      advice ?? '',
      'Then send the update `resolveReview`, with your name and the reason filled in:',
      '',
      '- They have it: `{"decision": "link", "ridendine_order_id": "…", "payment_session_id": "…", "actor": "…", "reason": "…"}`',
      '- To ask once more: `{"decision": "retry", "actor": "…", "reason": "…"}`',
      '- To give it up: `{"decision": "abandon", "actor": "…", "reason": "…"}`',
    ]
      .join('\n')
      .trim(),
  };
}

function mayBeSentAgain({ failure }: OrderCreationState): boolean {
  return failure === undefined || failures[failure.code].finalFor === null;
}

function failureSentence(failure: OrderCreationState['failure']): string {
  return failure ? `${failure.reason} (\`${failure.code}\`)` : 'The reason is not known.';
}

function untilWhen({ asked_until }: RunView): string {
  if (asked_until === 'once') {
    return 'RideNDine is asked once, as was decided. If that does not succeed, the order comes to you for review again.';
  }
  return [
    'RideNDine is asked until it answers, always with the same key, which makes one order however often it is asked.',
    asked_until?.not_sent && `If nothing could be sent by ${minuteOf(asked_until.not_sent)}, the order ends as failed.`,
    asked_until &&
      `If a call may have arrived and there is no answer by ${minuteOf(asked_until.maybe_sent)}, it comes to you for review.`,
  ]
    .filter((sentence) => sentence !== undefined)
    .join(' ');
}

/** The order's id, with links to the order in Directus and to the runbook. */
function placesOf({ state, links }: RunView): string {
  const { order_id, failure, stage } = state;
  const anchor = (failure?.code ?? stage).toLowerCase();
  return [
    order_id !== undefined && `Order \`${order_id}\``,
    order_id !== undefined && links && `[The order in Directus](${links.order_page})`,
    links?.runbook && `[What the runbook says](${links.runbook}#${anchor})`,
  ]
    .filter((place) => place !== false && place !== undefined && place !== null)
    .join(' · ');
}
