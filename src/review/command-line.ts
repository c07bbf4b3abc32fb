import { parseOptions, UsageError } from '../command-line/parse-options.ts';
import { trimPasted } from '../domain/pasted-text.ts';
import { faultsOfReviewDecision, withoutBlanksAtEnds } from '../domain/review-decision.ts';
import type { ReviewDecision } from '../domain/review-decision.ts';

export const USAGE = `npm run review -- <command>

  list                 the orders in review, the oldest first
  show <id>            how an order stands, and what can be done
  retry <id>           ask RideNDine once more, with the same key and content
  link <id>            RideNDine has the order, and these are its ids:
                         --ridendine-order-id <id> --payment-session-id <id>
  abandon <id>         no order shall come of it: RideNDine has none, or it was cancelled there

<id> is the id of an order, a quote, a workflow or an order at RideNDine, or an idempotency key.
retry, link and abandon are kept with --actor <who decides> and --reason <why, for instance a ticket>.

Settings are read from the environment: TEMPORAL_ADDRESS and the other TEMPORAL_ settings, and the ENCRYPTION_KEYS of
the workers (.env.example explains each). With none of them set, the stack of a running "npm start" is used.
Exit code: 0 done, 1 refused or failed, 2 called wrongly.`;

export type ReviewCommand =
  | { name: 'help' }
  | { name: 'list' }
  | { name: 'show'; id: string }
  | { name: 'decide'; id: string; decision: ReviewDecision };

const options = {
  actor: { type: 'string' },
  reason: { type: 'string' },
  'ridendine-order-id': { type: 'string' },
  'payment-session-id': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws {UsageError} */
export function parseCommandLine(args: string[]): ReviewCommand {
  const { values, positionals } = parseOptions(args, options);
  const { help, ...given } = values;
  const [command, id, ...others] = positionals;
  if (help || command === 'help') return { name: 'help' };
  if (command === undefined) throw new UsageError('A command is missing: list, show, retry, link or abandon.');
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
    case 'retry':
    case 'link':
    case 'abandon': {
      const decision: unknown = {
        decision: command,
        ...Object.fromEntries(Object.entries(given).map(([option, value]) => [option.replaceAll('-', '_'), value])),
      };
      const faults = faultsOfReviewDecision(decision, (field) => `--${field.replaceAll('_', '-')}`);
      if (faults.length > 0) throw new UsageError(faults.join('\n'));
      return { name: 'decide', id: neededId(command, id), decision: withoutBlanksAtEnds(decision as ReviewDecision) };
    }
    default:
      throw new UsageError(`There is no command "${command}": it is list, show, retry, link or abandon.`);
  }
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
