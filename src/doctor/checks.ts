import { TemporalAccessError } from '../temporal/temporal-access.ts';
import { SettingsError } from '../config/environment.ts';

/** What a check found. A problem keeps orders from being made or looked after; a warning may do so. */
export interface Verdict {
  verdict: 'ok' | 'warning' | 'problem';
  /** One sentence: how it is. */
  finding: string;
  /** What to do about it. */
  advice?: string;
}

export interface Check {
  name: string;
  /** Checks without whose success this one can tell nothing. They stand before it. */
  needs: readonly string[];
  /** @throws {SettingsError} or {TemporalAccessError} which count as a problem. */
  run(): Promise<Verdict>;
}

export interface CheckResult extends Omit<Verdict, 'verdict'> {
  check: string;
  verdict: Verdict['verdict'] | 'not checked';
}

/** Runs the checks one after the other; one that depends on a problem is not run. */
export async function runChecks(
  checks: readonly Check[],
  onResult: (result: CheckResult) => void = () => {},
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const missing = check.needs.filter((name) => !results.some((result) => result.check === name && isPassed(result)));
    const result: CheckResult =
      missing.length > 0
        ? { check: check.name, verdict: 'not checked', finding: `It needs what is wrong above: ${missing.join(', ')}.` }
        : { check: check.name, ...(await verdictOf(check)) };
    results.push(result);
    onResult(result);
  }
  return results;
}

/** Whether orders can be made: nothing is a problem, and so nothing was left out. */
export function isHealthy(results: readonly CheckResult[]): boolean {
  return results.every(isPassed);
}

function isPassed({ verdict }: CheckResult): boolean {
  return verdict === 'ok' || verdict === 'warning';
}

async function verdictOf(check: Check): Promise<Verdict> {
  try {
    return await check.run();
  } catch (error) {
    if (error instanceof SettingsError) return settingsProblem(error);
    if (error instanceof TemporalAccessError) return { verdict: 'problem', finding: error.message };
    throw error;
  }
}

function settingsProblem({ problems }: SettingsError): Verdict {
  return {
    verdict: 'problem',
    finding: `${problems.map((problem) => problem.replace(/\.$/, '')).join('; ')}.`,
    advice: 'Correct the settings; .env.example explains each.',
  };
}
