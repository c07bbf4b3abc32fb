import { UsageError, parseOptions, print, runCommand } from '../command.ts';
import { isHealthy, runChecks } from './checks.ts';
import type { CheckResult } from './checks.ts';
import { directusChecks } from './directus-checks.ts';
import { encryptionChecks } from './encryption-checks.ts';
import { ridendineChecks } from './ridendine-checks.ts';
import { settingsChecks } from './settings-checks.ts';
import { temporalChecks } from './temporal-checks.ts';

const USAGE = `npm run doctor [-- --json] [-- --probe-credential]

Checks the environment that the settings describe (.env.example explains each) and says what is wrong.
  --json   one JSON object instead of lines; npm's own lines stay away with "npm run --silent doctor -- --json"
  --probe-credential   sends RideNDine an order without content, which it has to refuse: so it shows whether it takes our
           credential; without this option, nothing is sent that could make an order
A service of which no setting is set is the one of a running "npm start".
With DIRECTUS_ADMIN_TOKEN set, Directus is made to look at its database anew, which shows unique constraints as they are,
and its active flows are counted.
Exit code: 0 if there is no problem, 1 if there is one, 2 if it was called wrongly.`;

const options = {
  json: { type: 'boolean', default: false },
  'probe-credential': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function parseCommandLine(args: string[]) {
  const { values, positionals } = parseOptions(args, options);
  if (positionals.length > 0) throw new UsageError(`"${positionals.join(' ')}" is too much.`);
  return values.help ? 'help' : values;
}

/** `npm run doctor`. */
async function carryOut(values: { json: boolean; 'probe-credential': boolean }): Promise<'failed' | void> {
  const { checks: ofTemporal, temporal, close } = temporalChecks(process.env);
  const checks = [
    ...settingsChecks(process.env),
    ...ofTemporal,
    ...encryptionChecks(process.env, temporal),
    ...directusChecks(process.env),
    ...ridendineChecks(process.env, { probeCredential: values['probe-credential'] }),
  ];
  const longestName = Math.max(...checks.map(({ name }) => name.length));
  try {
    const results = await runChecks(checks, values.json ? undefined : (result) => print(lineOf(result, longestName)));
    const ok = isHealthy(results);
    print(values.json ? JSON.stringify({ ok, checks: results }, undefined, 2) : summaryOf(results));
    if (!ok) return 'failed';
  } finally {
    await close();
  }
}

const longestVerdict = 'not checked'.length;

function lineOf({ check, verdict, finding, advice }: CheckResult, longestName: number): string {
  const said = advice === undefined ? finding : `${finding} ${advice}`;
  return `${verdict.padEnd(longestVerdict)}  ${check.padEnd(longestName)}  ${said}`;
}

function summaryOf(results: readonly CheckResult[]): string {
  const count = (verdict: CheckResult['verdict']) => results.filter((result) => result.verdict === verdict).length;
  const problems = count('problem');
  const problemsFound = problems === 0 ? 'No problem.' : `Problems: ${problems}.`;
  return `\n${problemsFound} Warnings: ${count('warning')}. Not checked: ${count('not checked')}.`;
}

await runCommand({ program: 'doctor', usage: USAGE, parse: parseCommandLine, carryOut });
