import { parseOptions, UsageError } from '../command.ts';
import { timeIn } from '../time-option.ts';
import { MOST_ORDERS_AT_ONCE, bulkDecisionWorkflowId, decisionsForMany } from '../../contract/bulk-decision.ts';
import type { DecisionForMany } from '../../contract/bulk-decision.ts';
import { hyphenatedUuid } from '../../domain/checkout-request.ts';
import { isFailureCode } from '../../domain/failures.ts';
import { trimPasted } from '../../domain/pasted-text.ts';
import type { LinkCorrection } from '../../contract/correction.ts';
import { faultsOfLinkCorrection, faultsOfReviewDecision, withoutBlanksAtEnds } from '../../contract/updates.ts';
import type { ReviewDecision } from '../../contract/updates.ts';
import type { ReviewFilter } from '../../operators/find-run.ts';

export const USAGE = `npm run review -- <command>

  list                 the orders in review, the oldest first
  show <id>            how an order stands, and what can be done
  retry <id>           ask RideNDine once more, with the same key and content
  link <id>            RideNDine has the order, and these are its ids:
                         --ridendine-order-id <id> --payment-session-id <id>
                         --ids-checked where they are right although they do not look like others of RideNDine's
  correct-link <id>    an order was linked to wrong ids, and these are the right ones: as with link
  abandon <id>         no order shall come of it: RideNDine has none, or it was cancelled there

<id> is the id of an order, a quote, a workflow or an order at RideNDine, or an idempotency key.
retry, link, correct-link and abandon are kept with --actor <who decides> and --reason <why, for instance a ticket>.

Many orders at once, as after an outage of RideNDine:

  retry --all --code <failure code>, abandon --all --code <failure code>
                         every order in review with this failure, a few in each second (BULK_DECISIONS_PER_SECOND)
                         --store <id>       only those of this store
                         --since <when>     only those whose run began since then: "2h", "3 days" or 2026-01-31T12:00Z
                         --limit <number>   only so many, the oldest first; at most and unless told ${MOST_ORDERS_AT_ONCE}
                         --dry-run          only show which ones
                         --yes              do not ask whether these are the right ones
                         --not-at-ridendine needed with --yes: RideNDine was asked, and has none of these orders. One that
                                            they have would be made twice if they have forgotten its key, or go on
                                            there although it has ended here.
  watch <id>           how far that is; it goes on by itself, whether or not somebody watches

Settings are read from the environment: TEMPORAL_ADDRESS and the other TEMPORAL_ settings, and the ENCRYPTION_KEYS of
the workers (.env.example explains each). With none of them set, the stack of a running "npm start" is used.
Exit code: 0 done, 1 refused or failed, 2 called wrongly.`;

export type ReviewCommand =
  | { name: 'list' }
  | { name: 'show'; id: string }
  | { name: 'decide'; id: string; decision: ReviewDecision }
  | {
      name: 'decide-all';
      filter: ReviewFilter;
      limit: number;
      decision: DecisionForMany | undefined;
      isConfirmed: boolean;
    }
  | { name: 'watch'; id: string }
  | { name: 'correct-link'; id: string; correction: Omit<LinkCorrection, 'idempotency_key'> };

const options = {
  actor: { type: 'string' },
  reason: { type: 'string' },
  'ridendine-order-id': { type: 'string' },
  'payment-session-id': { type: 'string' },
  'ids-checked': { type: 'boolean' },
  all: { type: 'boolean' },
  code: { type: 'string' },
  store: { type: 'string' },
  since: { type: 'string' },
  limit: { type: 'string' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean' },
  'not-at-ridendine': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws {UsageError} */
export function parseCommandLine(args: string[]): ReviewCommand | 'help' {
  const { values, positionals } = parseOptions(args, options);
  const {
    help,
    all,
    code,
    store,
    since,
    limit,
    'dry-run': dryRun,
    yes,
    'not-at-ridendine': notThere,
    ...given
  } = values;
  const ofMany = { code, store, since, limit, 'dry-run': dryRun, yes, 'not-at-ridendine': notThere };
  const [command, id, ...others] = positionals;
  if (help || command === 'help') return 'help';
  if (command === undefined) throw new UsageError(`A command is missing: ${COMMANDS}.`);
  if (others.length > 0) {
    throw new UsageError(`"${others.join(' ')}" is too much. Put a text of several words between quotes.`);
  }
  if (all === true) return parseDecisionForMany(command, { id, given, ofMany });
  refuseOptions(ofMany, (option) => `--${option} is for many orders at once: with --all.`);
  switch (command) {
    case 'list':
      if (id !== undefined)
        throw new UsageError('"list" takes no id: it lists all orders in review. For one, use "show".');
      refuseOptions(given, decidesNothing(command));
      return { name: 'list' };
    case 'show':
      refuseOptions(given, decidesNothing(command));
      return { name: 'show', id: neededId(command, id) };
    case 'watch': {
      refuseOptions(given, decidesNothing(command));
      const known = hyphenatedUuid.safeParse(trimPasted(id ?? '').replace(bulkDecisionWorkflowId(''), ''));
      if (!known.success) throw new UsageError('"watch" needs the id that the command with --all printed, a UUID.');
      return { name: 'watch', id: known.data };
    }
    case 'correct-link': {
      const correction = fieldsIn(given);
      refuseFaults(faultsOfLinkCorrection(correction, optionOf));
      const typed = withoutBlanksAtEnds(correction as unknown as LinkCorrection);
      return { name: 'correct-link', id: neededId(command, id), correction: typed };
    }
    case 'retry':
    case 'link':
    case 'abandon': {
      const decision: unknown = { decision: command, ...fieldsIn(given) };
      refuseFaults(faultsOfReviewDecision(decision, optionOf));
      return { name: 'decide', id: neededId(command, id), decision: withoutBlanksAtEnds(decision as ReviewDecision) };
    }
    default:
      throw new UsageError(`There is no command "${command}": it is ${COMMANDS}.`);
  }
}

const COMMANDS = 'list, show, retry, link, correct-link, abandon or watch';

interface Typed {
  id: string | undefined;
  /** The options that a decision is made of. */
  given: object;
  ofMany: Record<'code' | 'store' | 'since' | 'limit', string | undefined> &
    Record<'dry-run' | 'yes' | 'not-at-ridendine', boolean | undefined>;
}

function parseDecisionForMany(command: string, { id, given, ofMany }: Typed): ReviewCommand {
  const name = decisionsForMany.find((one) => one === command);
  if (name === undefined)
    throw new UsageError(`--all goes with ${decisionsForMany.join(' or ')}, not with "${command}".`);
  if (id !== undefined) throw new UsageError(`"${id}" is too much: --all takes no id.`);
  const { code, store, since, limit } = ofMany;
  if (!isFailureCode(code)) {
    const fault = code === undefined ? '--all needs --code <failure code>' : `There is no failure code "${code}"`;
    throw new UsageError(`${fault}: "npm run review -- list" shows which ones there are.`);
  }
  const filter: ReviewFilter = {
    failureCode: code,
    ...(store !== undefined && { storeId: trimPasted(store) }),
    ...(since !== undefined && { startedSince: timeIn('since', since) }),
  };
  const most = limit === undefined ? MOST_ORDERS_AT_ONCE : Number(limit);
  if (!Number.isSafeInteger(most) || most < 1 || most > MOST_ORDERS_AT_ONCE) {
    throw new UsageError(`--limit has to be a whole number from 1 to ${MOST_ORDERS_AT_ONCE}.`);
  }
  const found = { name: 'decide-all' as const, filter, limit: most };
  if (ofMany['dry-run']) return { ...found, decision: undefined, isConfirmed: false };
  if (ofMany.yes && !ofMany['not-at-ridendine']) {
    const mistake =
      name === 'retry'
        ? 'one whose key they have forgotten would be made twice'
        : 'one that they have would go on there';
    throw new UsageError(
      `Ask RideNDine first which of these orders they have (npm run reconcile): ${mistake}. If they have none of them, add --not-at-ridendine.`,
    );
  }
  const decision: unknown = { decision: name, ...fieldsIn(given) };
  refuseFaults(faultsOfReviewDecision(decision, optionOf));
  return { ...found, decision: withoutBlanksAtEnds(decision as DecisionForMany), isConfirmed: ofMany.yes === true };
}

/** The options as the fields of a decision: `ids-checked` becomes `ids_checked`. */
function fieldsIn(given: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).map(([option, value]) => [option.replaceAll('-', '_'), value]));
}

function optionOf(field: string): string {
  return `--${field.replaceAll('_', '-')}`;
}

function refuseFaults(faults: string[]): void {
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
}

function neededId(command: string, id: string | undefined): string {
  const trimmed = trimPasted(id ?? '');
  if (trimmed === '') {
    throw new UsageError(`"${command}" needs the id of an order: "npm run review -- list" shows those in review.`);
  }
  return trimmed;
}

function refuseOptions(given: object, why: (option: string) => string): void {
  const first = Object.entries(given).find(([, value]) => value !== undefined);
  if (first !== undefined) throw new UsageError(why(first[0]));
}

function decidesNothing(command: string) {
  return (option: string) => `"${command}" decides nothing, and takes no --${option}.`;
}
