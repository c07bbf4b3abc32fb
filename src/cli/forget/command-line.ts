import ms from 'ms';
import type { StringValue } from 'ms';
import type { WhoAndWhy } from '../../contract/updates.ts';
import { hyphenatedUuid } from '../../domain/checkout-request.ts';
import { trimPasted } from '../../domain/pasted-text.ts';
import { parseOptions, UsageError } from '../command.ts';
import { whoAndWhyIn } from '../who-and-why.ts';

export const USAGE = `npm run forget -- --customer <id> --actor <who> --reason <why>

Removes what Temporal and Directus keep of a customer's orders: runs that have ended, with their histories; in Directus
address, note, RideNDine's request and search words of each order, its older versions and comments. Amounts, dishes, ids
and status stay, for the books. Nothing is removed while an order of the customer is in flight or in review.

  --customer <id>      of the customer in Directus
  --dry-run            only tell what there is
  --in-flight <time>   an order that a later phase has, or that failed and can be tried again, is in flight for so long
                         after its last change; "30 days"
  --yes                do not ask

Settings: TEMPORAL_ADDRESS and the other TEMPORAL_ settings, DIRECTUS_URL and DIRECTUS_ADMIN_TOKEN. With none of them
set, the stack of a running "npm start" is used. The customer's own row, and what backups keep, are not touched:
SECURITY.md tells more.
Exit code: 0 done, 1 refused or failed, 2 called wrongly.`;

export interface ForgetCommand {
  customerId: string;
  /** `undefined` for a dry run, which only tells what there is. */
  by: WhoAndWhy | undefined;
  inFlightMs: number;
  isConfirmed: boolean;
}

const options = {
  customer: { type: 'string', default: '' },
  actor: { type: 'string' },
  reason: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  'in-flight': { type: 'string', default: '30 days' },
  yes: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws {UsageError} */
export function parseCommandLine(args: string[]): ForgetCommand | 'help' {
  const { values, positionals } = parseOptions(args, options);
  if (values.help) return 'help';
  if (positionals.length > 0) throw new UsageError(`"${positionals.join(' ')}" is too much.`);
  const customerId = trimPasted(values.customer);
  // With hyphens, as Directus keeps ids: Temporal finds the customer's runs only by the same text.
  if (!hyphenatedUuid.safeParse(customerId).success)
    throw new UsageError('--customer has to be the UUID of a customer.');
  const inFlightMs = /[a-z]\s*$/i.test(values['in-flight']) ? ms(values['in-flight'] as StringValue) : NaN;
  if (!(inFlightMs >= 0)) throw new UsageError('--in-flight has to be a duration such as "30 days".');
  if (values['dry-run']) return { customerId, by: undefined, inFlightMs, isConfirmed: false };
  const { actor, reason } = values;
  const by = whoAndWhyIn({ ...(actor !== undefined && { actor }), ...(reason !== undefined && { reason }) });
  return { customerId, by, inFlightMs, isConfirmed: values.yes };
}
