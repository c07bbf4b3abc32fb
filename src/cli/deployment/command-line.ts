import ms from 'ms';
import { parseOptions, UsageError } from '../command.ts';
import { BUILD_ID } from '../../config/deployment-settings.ts';
import { duration } from '../../config/environment.ts';

export const USAGE = `npm run deployment -- <command>

  status                      which builds of the workers there are, which takes orders, and what is open on each
  current <build id>          have this build take every order, new ones and those in flight. Waits for its workers to
                              ask for orders, which takes up to a minute if they have nothing to do; takes a ramp back
  current --unversioned       have workers without a build take every order. Waits for them
  ramp <build id> <percent>   have this build take that part of the orders; 0 takes the ramp back
  drained <build id>          wait until this build is needed no more, so that its workers can be stopped

  --wait <duration>           how long current, ramp (90s) and drained (10m) wait
  --json                      the status as one JSON object; npm's own lines stay away with "npm run --silent"

<build id> is the WORKER_BUILD_ID of the workers; the one of the environment if "current" is given none.

Settings are read from the environment: WORKER_DEPLOYMENT_NAME, TEMPORAL_ADDRESS and the other TEMPORAL_ settings
(.env.example explains each). With no TEMPORAL_ setting, the stack of a running "npm start" is used.
Exit code: 0 done, 1 refused or failed, 2 called wrongly.`;

/** A worker without orders asks anew every minute. */
const WAIT_FOR_WORKERS_MS = ms('90s');
/** Temporal looks whether a build is drained about every three minutes. */
const WAIT_FOR_DRAINAGE_MS = ms('10m');

export type DeploymentCommand =
  | { name: 'status'; json: boolean }
  /** `buildId` undefined: the WORKER_BUILD_ID of the environment counts. */
  | { name: 'current'; buildId: string | undefined; waitMs: number }
  | { name: 'unversioned'; waitMs: number }
  | { name: 'ramp'; buildId: string; percent: number; waitMs: number }
  | { name: 'drained'; buildId: string; waitMs: number };

const options = {
  unversioned: { type: 'boolean' },
  json: { type: 'boolean' },
  wait: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws {UsageError} */
export function parseCommandLine(args: string[]): DeploymentCommand | 'help' {
  const { values, positionals } = parseOptions(args, options);
  const { help, ...given } = values;
  const [command, ...rest] = positionals;
  if (help || command === 'help') return 'help';
  switch (command) {
    case 'status':
      takeOnly(command, { rest, most: 0, given, takes: ['json'] });
      return { name: 'status', json: given.json ?? false };
    case 'current': {
      takeOnly(command, { rest, most: given.unversioned ? 0 : 1, given, takes: ['unversioned', 'wait'] });
      const waitMs = waitOf(given, WAIT_FOR_WORKERS_MS);
      if (given.unversioned) return { name: 'unversioned', waitMs };
      const buildId = rest[0] === undefined ? undefined : neededBuildId(command, rest[0]);
      return { name: 'current', buildId, waitMs };
    }
    case 'ramp':
      takeOnly(command, { rest, most: 2, given, takes: ['wait'] });
      return {
        name: 'ramp',
        buildId: neededBuildId(command, rest[0]),
        percent: neededPercent(rest[1]),
        waitMs: waitOf(given, WAIT_FOR_WORKERS_MS),
      };
    case 'drained':
      takeOnly(command, { rest, most: 1, given, takes: ['wait'] });
      return { name: 'drained', buildId: neededBuildId(command, rest[0]), waitMs: waitOf(given, WAIT_FOR_DRAINAGE_MS) };
    case undefined:
      throw new UsageError('A command is missing: status, current, ramp or drained.');
    default:
      throw new UsageError(`There is no command "${command}": it is status, current, ramp or drained.`);
  }
}

function takeOnly(
  command: string,
  { rest, most, given, takes }: { rest: string[]; most: number; given: object; takes: string[] },
): void {
  if (rest.length > most) throw new UsageError(`"${rest.slice(most).join(' ')}" is too much for "${command}".`);
  const other = Object.keys(given).find((option) => !takes.includes(option));
  if (other !== undefined) throw new UsageError(`"${command}" takes no --${other}.`);
}

function neededBuildId(command: string, buildId: string | undefined): string {
  if (buildId === undefined) {
    throw new UsageError(`"${command}" needs a build id: "npm run deployment -- status" shows them.`);
  }
  if (!BUILD_ID.test(buildId)) throw new UsageError(`"${buildId}" cannot be a build id.`);
  return buildId;
}

function neededPercent(text: string | undefined): number {
  const percent = Number(text?.replace(/%$/, ''));
  if (text === undefined || text === '' || !(percent >= 0 && percent <= 100)) {
    throw new UsageError('"ramp" needs a percentage from 0 to 100 after the build id.');
  }
  return percent;
}

function waitOf({ wait }: { wait?: string }, otherwiseMs: number): number {
  if (wait === undefined) return otherwiseMs;
  const waitMs = duration().safeParse(wait);
  if (!waitMs.success) throw new UsageError('--wait must be a duration such as "30s" or "5m".');
  return waitMs.data;
}
