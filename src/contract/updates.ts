import { longestLinkId } from '../domain/order.ts';
import type { LinkIds } from '../domain/order.ts';
import { hasBlank, trimPasted } from '../domain/pasted-text.ts';
import { faultOfText } from '../domain/storable.ts';

/** Type of the failure that refuses a decision. Its message is not encrypted, so that people can read it. */
export const DECISION_REFUSED = 'DecisionRefused';

/** Who decides, and why. Both are kept in the run's history. */
export interface WhoAndWhy {
  actor: string;
  reason: string;
}

/**
 * What support staff decide about an order in review, by the update `resolveReview`:
 * - `retry`: ask RideNDine once more, with the same key and bytes;
 * - `link`: they found the order at RideNDine, and these are its ids;
 * - `abandon`: give the order up, which makes it `FAILED`.
 */
export type ReviewDecision = WhoAndWhy &
  (
    | { decision: 'retry' }
    | ({
        decision: 'link';
        /** Whether a person compared the ids with RideNDine's. If so, unusual ids are accepted. */
        ids_checked?: boolean;
      } & LinkIds)
    | { decision: 'abandon' }
  );

/** The update that brings a decision to the run. */
export const RESOLVE_REVIEW_UPDATE = 'resolveReview';

/** The update by which support staff cancel an order before RideNDine answers. It takes {@link WhoAndWhy}. */
export const CANCEL_ORDER_UPDATE = 'cancelOrder';

/** The answers to a person who asked to cancel an order. */
export const cancelReplies = {
  cancelled: 'The order is cancelled.',
  broughtToReview:
    'RideNDine is not asked again. They may have the order by now, so it is in review: decide about it (in Directus, or in the Temporal UI with the update resolveReview).',
  notRecorded:
    'RideNDine is not asked again. They may have the order by now. In Directus it is missing or has been brought further by somebody else, so your request is not recorded there: settle that first, then decide about the order (in Directus, or in the Temporal UI with the update resolveReview).',
  created: 'RideNDine has created the order, so it cannot be cancelled here. Have RideNDine cancel it.',
} as const;

/** The longest `actor` and the longest `reason`, in characters. */
export const LONGEST_WORDS = 500;

/** What each field is for, and how long it may be. */
const fields = {
  actor: { what: 'who decides', longest: LONGEST_WORDS },
  reason: { what: 'why, for those who read it later', longest: LONGEST_WORDS },
  ridendine_order_id: { what: "RideNDine's id of the order", longest: longestLinkId.ridendine_order_id },
  payment_session_id: { what: "RideNDine's id of the payment", longest: longestLinkId.payment_session_id },
} as const;
type Field = keyof typeof fields;

const words = ['actor', 'reason'] as const;
const ids = ['ridendine_order_id', 'payment_session_id'] as const;

/** The fields of each decision. */
const fieldsOf: Record<ReviewDecision['decision'], readonly Field[]> = {
  retry: words,
  link: [...words, ...ids],
  abandon: words,
};

const DECISIONS = '"retry", "link" or "abandon"';

/**
 * What is wrong with `input` as a {@link ReviewDecision}: a sentence for each fault, for people who do not program;
 * empty if nothing is wrong. A sentence repeats no value and no unknown field.
 *
 * Written without a schema library, because it runs inside the workflow, where every run pays for what is loaded.
 *
 * @param nameOf the name of a field as the person who decides knows it.
 */
export function faultsOfReviewDecision(input: unknown, nameOf = (field: string) => `"${field}"`): string[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return [`A decision is a JSON object such as {"decision": "retry", "actor": "agent-7", "reason": "Ticket 1"}.`];
  }
  const given = new Map<string, unknown>(Object.entries(input));
  const decision = given.get('decision');
  const unknown = faultsOfUnknownFields(given, ['decision', 'actor', 'reason', ...ids, 'ids_checked']);
  if (!isDecision(decision)) return [faultOfDecision(decision, nameOf), ...unknown];
  const needed = fieldsOf[decision];
  const unused = ids.filter((field) => !needed.includes(field) && isGiven(given.get(field)));
  return [
    ...needed.flatMap((field) => faultOf(field, given, nameOf) ?? []),
    ...unknown,
    ...(decision === 'link' ? faultsOfIds(given, nameOf) : []),
    ...unused.map(
      (field) => `${nameOf(field)} is given, and "${decision}" takes no ids: decide "link" to use it, or leave it out.`,
    ),
  ];
}

/** As {@link faultsOfReviewDecision}, for the correction of a link. */
export function faultsOfLinkCorrection(input: object, nameOf: (field: string) => string): string[] {
  const given = new Map<string, unknown>(Object.entries(input));
  return [
    ...fieldsOf.link.flatMap((field) => faultOf(field, given, nameOf) ?? []),
    ...faultsOfUnknownFields(given, ['idempotency_key', ...fieldsOf.link, 'ids_checked']),
    ...faultsOfIds(given, nameOf),
  ];
}

/** What is wrong with the two ids together. */
function faultsOfIds(given: Map<string, unknown>, nameOf: (field: string) => string): string[] {
  const [order, payment] = ids.map((field) => {
    const value = given.get(field);
    return typeof value === 'string' ? trimPasted(value) : undefined;
  });
  const checked = given.get('ids_checked') ?? undefined;
  return [
    ...(order !== undefined && order !== '' && order === payment
      ? [`${nameOf(ids[0])} and ${nameOf(ids[1])} are the same: RideNDine gives an order two different ids.`]
      : []),
    ...(checked !== undefined && typeof checked !== 'boolean'
      ? [
          `${nameOf('ids_checked')} has to be true or false, without quotes: it tells whether the ids were compared with RideNDine's.`,
        ]
      : []),
  ];
}

/** As {@link faultsOfReviewDecision}, for a {@link WhoAndWhy}. */
export function faultsOfWhoAndWhy(input: unknown, nameOf = (field: string) => `"${field}"`): string[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return ['What is wanted here is a JSON object such as {"actor": "agent-7", "reason": "Ticket 1"}.'];
  }
  const given = new Map<string, unknown>(Object.entries(input));
  return [...words.flatMap((field) => faultOf(field, given, nameOf) ?? []), ...faultsOfUnknownFields(given, words)];
}

/** Trims the texts of a decision or a cancellation: people paste blanks and invisible characters without noticing. */
export function withoutBlanksAtEnds<Typed extends WhoAndWhy>(typed: Typed): Typed {
  const trimmed = Object.entries(typed).map(([field, value]): [string, unknown] => [
    field,
    Object.hasOwn(fields, field) && typeof value === 'string' ? trimPasted(value) : value,
  ]);
  return { ...typed, ...Object.fromEntries(trimmed) };
}

function isDecision(value: unknown): value is ReviewDecision['decision'] {
  return typeof value === 'string' && Object.hasOwn(fieldsOf, value);
}

function faultOfDecision(value: unknown, nameOf: (field: string) => string): string {
  const name = nameOf('decision');
  if (!isGiven(value)) return `${name} is missing: it has to be ${DECISIONS}.`;
  const almost = typeof value === 'string' ? trimPasted(value).toLowerCase() : '';
  return `${name} has to be ${DECISIONS}.${isDecision(almost) ? ` Write "${almost}" exactly so.` : ''}`;
}

function faultOf(field: Field, given: Map<string, unknown>, nameOf: (field: string) => string): string | undefined {
  const typed = given.get(field);
  const name = nameOf(field);
  const { what, longest } = fields[field];
  if (typed === undefined || typed === null) return `${name} is missing: it tells ${what}.`;
  if (typeof typed !== 'string') return `${name} has to be a text in double quotes: it tells ${what}.`;
  const value = trimPasted(typed);
  if (value === '') return `${name} is empty: it tells ${what}.`;
  if (value.length > longest) {
    return `${name} is too long: it may have ${longest} characters, and has ${value.length}.`;
  }
  if (faultOfText(value) !== undefined) return `${name} contains a character that cannot be stored: type it anew.`;
  if (isFromAnExample(value)) return `${name} is still that of the example: it tells ${what}.`;
  if (isId(field) && hasBlank(value)) {
    return `${name} has a blank, a line break or an invisible character in it: copy the id anew.`;
  }
  return undefined;
}

function isId(field: Field): boolean {
  return ids.some((id) => id === field);
}

/** Whether the value is a placeholder from our own examples that the person has not replaced. */
function isFromAnExample(value: string): boolean {
  return /…|\.\.\.|^<.*>$/.test(value) || value.toLowerCase() === 'your name';
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** A misspelt field must not be ignored silently. The sentence does not repeat its name, which could be anything. */
function faultsOfUnknownFields(given: Map<string, unknown>, known: readonly string[]): string[] {
  if ([...given.keys()].every((field) => known.includes(field))) return [];
  return [`A field with an unknown name is given: check the spelling. The fields are ${known.join(', ')}.`];
}
