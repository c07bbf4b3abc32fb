import { statSync } from 'node:fs';
import { parseOptions, UsageError } from '../command.ts';
import { timeIn } from '../time-option.ts';
import { partnerColumns } from './partner-list.ts';
import type { ListFormat, PartnerColumn } from './partner-list.ts';

export const USAGE = `npm run reconcile -- --partner <file.csv>

Compares RideNDine's list of orders with Directus, and tells where they disagree and what to do. It changes nothing.

  --partner <file>     RideNDine's list, as comma-separated values; the first line names the columns
  --from-sandbox       the orders of the sandbox instead
  --columns <names>    how the columns are called there if not so: ${partnerColumns.join(', ')},
                         such as "ridendine_order_id=id,external_order_id=reference,total=amount".
                         Only the first is needed. A total is a whole number of minor units, such as cents.
  --delimiter <char>   what separates the columns; a comma
  --cancelled <names>  statuses of RideNDine that say that nothing comes of an order; "CANCELLED,CANCELED"
  --since <when>       orders here made since then are looked for in the list: "2 days", or 2026-01-31T12:00Z; all
  --before <when>      and made before then; when the file was last written
  --json               each finding as a line of JSON
  --metrics <file>     writes how many findings there were for Prometheus, as a text file

Settings: DIRECTUS_URL and DIRECTUS_TOKEN; with --from-sandbox RIDENDINE_BASE_URL and RIDENDINE_API_KEY. With none of
them set, the stack of a running "npm start" is used.
Exit code: 0 they agree, 1 they do not, or could not be compared, 2 called wrongly.`;

export interface ReconcileCommand {
  list: { file: string; format: ListFormat } | 'sandbox';
  time: { since?: Date; before: Date };
  cancelled: string[];
  isJson: boolean;
  metricsFile: string | undefined;
}

const options = {
  partner: { type: 'string' },
  'from-sandbox': { type: 'boolean' },
  columns: { type: 'string', default: '' },
  delimiter: { type: 'string', default: ',' },
  cancelled: { type: 'string', default: 'CANCELLED,CANCELED' },
  since: { type: 'string' },
  before: { type: 'string' },
  json: { type: 'boolean', default: false },
  metrics: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws {UsageError} */
export function parseCommandLine(args: string[]): ReconcileCommand | 'help' {
  const { values, positionals } = parseOptions(args, options);
  if (values.help) return 'help';
  if (positionals.length > 0) throw new UsageError(`"${positionals.join(' ')}" is too much.`);
  const { partner: file, delimiter, since, before } = values;
  if ((file === undefined) === (values['from-sandbox'] !== true)) {
    throw new UsageError('Tell where the list is: --partner <file.csv>, or --from-sandbox.');
  }
  const separator = delimiter === '\\t' ? '\t' : delimiter;
  if (separator.length !== 1) throw new UsageError('--delimiter has to be one character, or \\t for a tab.');
  const time = {
    ...(since !== undefined && { since: timeIn('since', since) }),
    before: before === undefined ? writtenAt(file) : timeIn('before', before),
  };
  if (time.since && time.since >= time.before) {
    throw new UsageError(
      `No order here is both of the time --since names and from before ${time.before.toISOString()}, which is ${before === undefined ? 'when the file was written' : '--before'}.`,
    );
  }
  return {
    list:
      file === undefined ? 'sandbox' : { file, format: { columns: columnsIn(values.columns), delimiter: separator } },
    time,
    cancelled: values.cancelled.split(',').map((status) => status.trim().toUpperCase()),
    isJson: values.json,
    metricsFile: values.metrics,
  };
}

function columnsIn(text: string): ListFormat['columns'] {
  const pairs = text
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const [name = '', ...column] = pair.split('=');
      if (!isColumn(name.trim()) || column.join('=').trim() === '') {
        throw new UsageError(`--columns takes pairs such as "total=amount", for ${partnerColumns.join(', ')}.`);
      }
      return [name.trim(), column.join('=').trim()];
    });
  return Object.fromEntries(pairs) as ListFormat['columns'];
}

function isColumn(name: string): name is PartnerColumn {
  return partnerColumns.some((column) => column === name);
}

/** The default of `--before`: orders that were made after the list cannot be in it. */
function writtenAt(file: string | undefined): Date {
  if (file === undefined) return new Date();
  try {
    return statSync(file).mtime;
  } catch {
    throw new UsageError(`There is no file ${file}.`);
  }
}
