import ms from 'ms';
import type { StringValue } from 'ms';
import type { WhoAndWhy } from '../../contract/updates.ts';
import { parseOptions, UsageError } from '../command.ts';
import { whoAndWhyIn } from '../who-and-why.ts';

export const USAGE = `npm run ridendine -- <command>

  status    whether calls to RideNDine are paused
  pause     no order is sent to RideNDine any more, as during their maintenance. Orders come in, are written to Directus
            and wait. One whose quote runs out meanwhile ends as failed.
              --for <time>   after so long the calls are resumed by themselves: "2h", "90 min"
            Where calls are paused already, this pause counts from now on.
  resume    the orders that wait are sent, within half a minute or as fast as RIDENDINE_MAX_CALLS_PER_SECOND allows

pause and resume are kept with --actor <who> and --reason <why, for instance a ticket>.

Settings are read from the environment: TEMPORAL_ADDRESS and the other TEMPORAL_ settings, and the ENCRYPTION_KEYS of
the workers (.env.example explains each). With none of them set, the stack of a running "npm start" is used.
Exit code: 0 done, 1 refused or failed, 2 called wrongly.`;

export type RideNDineCommand =
  { name: 'status' } | { name: 'pause'; by: WhoAndWhy; forMs: number | undefined } | { name: 'resume'; by: WhoAndWhy };

const options = {
  actor: { type: 'string' },
  reason: { type: 'string' },
  for: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws {UsageError} */
export function parseCommandLine(args: string[]): RideNDineCommand | 'help' {
  const { values, positionals } = parseOptions(args, options);
  const { help, for: duration, ...by } = values;
  const [command, ...others] = positionals;
  if (help || command === 'help') return 'help';
  if (others.length > 0)
    throw new UsageError(`"${others.join(' ')}" is too much. Put a text of several words between quotes.`);
  if (duration !== undefined && command !== 'pause') throw new UsageError('--for goes with "pause".');
  switch (command) {
    case 'status':
      if (Object.keys(by).length > 0)
        throw new UsageError('"status" changes nothing, and takes no --actor and no --reason.');
      return { name: 'status' };
    case 'pause':
      return { name: 'pause', by: whoAndWhyIn(by), forMs: duration === undefined ? undefined : durationIn(duration) };
    case 'resume':
      return { name: 'resume', by: whoAndWhyIn(by) };
    default:
      throw new UsageError(
        command === undefined
          ? 'A command is missing: status, pause or resume.'
          : `There is no command "${command}": it is status, pause or resume.`,
      );
  }
}

/** Longer than any maintenance. Temporal can hold the date at which such a pause ends. */
const LONGEST_MS = ms('365 days');

function durationIn(text: string): number {
  const duration = /^\d.*[a-z]$/i.test(text.trim()) ? ms(text.trim() as StringValue) : NaN;
  if (duration > 0 && duration <= LONGEST_MS) return duration;
  throw new UsageError('--for has to be a duration of at most a year, such as "2h" or "90 min".');
}
