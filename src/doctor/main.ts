import { parseArgs } from 'node:util';
import { isHealthy, runChecks } from './checks.ts';
import type { CheckResult } from './checks.ts';
import { encryptionChecks } from './encryption-checks.ts';
import { temporalChecks } from './temporal-checks.ts';

const USAGE = `npm run doctor [-- --json]

Checks the environment that the settings describe (.env.example explains each) and says what is wrong.
  --json   one JSON object instead of lines; npm's own lines stay away with "npm run --silent doctor -- --json"
Exit code: 0 if there is no problem, 1 if there is one, 2 if it was called wrongly.`;

const WRONG_USAGE = 2;

/** `npm run doctor`. @returns exit code. */
async function main(args: string[]): Promise<number> {
  let options: { json: boolean; help: boolean };
  try {
    const { values } = parseArgs({
      args,
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    options = values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    return WRONG_USAGE;
  }
  if (options.help) {
    print(USAGE);
    return 0;
  }
  const { checks, temporal, close } = temporalChecks(process.env);
  try {
    const results = await runChecks(
      [...checks, ...encryptionChecks(process.env, temporal)],
      options.json ? undefined : (result) => print(lineOf(result)),
    );
    const ok = isHealthy(results);
    print(options.json ? JSON.stringify({ ok, checks: results }, undefined, 2) : summaryOf(results));
    return ok ? 0 : 1;
  } finally {
    await close();
  }
}

const longestVerdict = 'not checked'.length;
const longestName = 'search-attributes'.length;

function lineOf({ check, verdict, finding, advice }: CheckResult): string {
  const said = advice === undefined ? finding : `${finding} ${advice}`;
  return `${verdict.padEnd(longestVerdict)}  ${check.padEnd(longestName)}  ${said}`;
}

function summaryOf(results: readonly CheckResult[]): string {
  const count = (verdict: CheckResult['verdict']) => results.filter((result) => result.verdict === verdict).length;
  const problems = count('problem');
  if (problems === 0) return `\nNo problem, ${count('warning')} to be aware of.`;
  return `\nProblems: ${problems}. Not checked because of them: ${count('not checked')}.`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main(process.argv.slice(2));
