import { parseOptions, UsageError } from '../command.ts';
import { trimPasted } from '../../domain/pasted-text.ts';
import type { LinkCorrection } from '../../contract/correction.ts';
import { faultsOfLinkCorrection, faultsOfReviewDecision, withoutBlanksAtEnds } from '../../contract/updates.ts';
import type { ReviewDecision } from '../../contract/updates.ts';

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

Settings are read from the environment: TEMPORAL_ADDRESS and the other TEMPORAL_ settings, and the ENCRYPTION_KEYS of
the workers (.env.example explains each). With none of them set, the stack of a running "npm start" is used.
Exit code: 0 done, 1 refused or failed, 2 called wrongly.`;

export type ReviewCommand =
  | { name: 'help' }
  | { name: 'list' }
  | { name: 'show'; id: string }
  | { name: 'decide'; id: string; decision: ReviewDecision }
  | { name: 'correct-link'; id: string; correction: Omit<LinkCorrection, 'idempotency_key'> };

const options = {
  actor: { type: 'string' },
  reason: { type: 'string' },
  'ridendine-order-id': { type: 'string' },
  'payment-session-id': { type: 'string' },
  'ids-checked': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws {UsageError} */
export function parseCommandLine(args: string[]): ReviewCommand {
  const { values, positionals } = parseOptions(args, options);
  const { help, ...given } = values;
  const [command, id, ...others] = positionals;
  if (help || command === 'help') return { name: 'help' };
  if (command === undefined)
    throw new UsageError('A command is missing: list, show, retry, link, correct-link or abandon.');
  if (others.length > 0) {
    throw new UsageError(`"${others.join(' ')}" is too much. Put a text of several words between quotes.`);
  }
  switch (command) {
    case 'list':
      if (id !== undefined)
        throw new UsageError('"list" takes no id: it lists all orders in review. For one, use "show".');
      refuseOptions(command, given);
      return { name: 'list' };
    case 'show':
      refuseOptions(command, given);
      return { name: 'show', id: neededId(command, id) };
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
      throw new UsageError(`There is no command "${command}": it is list, show, retry, link, correct-link or abandon.`);
  }
}

/** The fields of a decision that the options stand for. */
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

function refuseOptions(command: string, given: object): void {
  const [option] = Object.keys(given);
  if (option !== undefined) throw new UsageError(`"${command}" decides nothing, and takes no --${option}.`);
}
