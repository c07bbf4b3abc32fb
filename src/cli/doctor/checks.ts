import { SettingsError } from '../../config/environment.ts';
import { TemporalAccessError } from '../../temporal/temporal-access.ts';
import { HttpAccessError } from './http-access.ts';

/**
 * What a check found. Because of a problem, orders cannot be made, could be made twice, or cannot be looked after. A
 * warning is something that may lead to that. What cannot be seen from here is `not checked`, and never `ok`.
 */
export interface Verdict {
  verdict: 'ok' | 'warning' | 'problem' | 'not checked';
  /** What was found, as a sentence. */
  finding: string;
  /** What to do about it. */
  advice?: string;
}

export interface Check {
  name: string;
  /** The checks that must pass before this one can tell anything. They stand before it in the list. */
  needs: readonly string[];
  /** @throws {TemporalAccessError} or {HttpAccessError}: a problem. {SettingsError}: `settings` tells of it. */
  run(): Promise<Verdict>;
}

export interface CheckResult extends Verdict {
  check: string;
}

/** Runs the checks one after the other. A check is skipped if one that it needs has not passed. */
export async function runChecks(
  checks: readonly Check[],
  onResult: (result: CheckResult) => void = () => {},
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const missing = check.needs.filter((name) => !results.some((result) => result.check === name && isPassed(result)));
    const result: CheckResult =
      missing.length > 0
        ? {
            check: check.name,
            verdict: 'not checked',
            finding: `Skipped, because these checks did not pass: ${missing.join(', ')}.`,
          }
        : { check: check.name, ...(await verdictOf(check)) };
    results.push(result);
    onResult(result);
  }
  return results;
}

/** Whether no check has found a problem. */
export function isHealthy(results: readonly CheckResult[]): boolean {
  return results.every(({ verdict }) => verdict !== 'problem');
}

function isPassed({ verdict }: CheckResult): boolean {
  return verdict === 'ok' || verdict === 'warning';
}

async function verdictOf(check: Check): Promise<Verdict> {
  try {
    return await check.run();
  } catch (error) {
    if (error instanceof SettingsError) return needsSettings(error);
    if (error instanceof TemporalAccessError || error instanceof HttpAccessError) {
      return { verdict: 'problem', finding: error.message };
    }
    throw error;
  }
}

function needsSettings({ problems }: SettingsError): Verdict {
  const names = problems.flatMap((problem) => /^[A-Z_]+/.exec(problem) ?? []);
  return { verdict: 'not checked', finding: `It needs settings that are missing or wrong: ${names.join(', ')}.` };
}
