import { readCodecServerSettings } from '../../config/codec-server-settings.ts';
import { parseEnvironment, problemsOf } from '../../config/environment.ts';
import { readGatewaySettings } from '../../config/gateway-settings.ts';
import { readWorkerSettings } from '../../config/worker-settings.ts';
import type { Check } from './checks.ts';
import { directusVariables } from './directus-access.ts';

/**
 * Whether the settings can be used. A worker uses everything that the doctor checks, so all its settings must be there.
 * Of the other programs' settings, only those that are set are checked.
 */
export function settingsChecks(environment: NodeJS.ProcessEnv): Check[] {
  return [
    {
      name: 'settings',
      needs: [],
      async run() {
        const ofTheWorker = problemsOf(() => readWorkerSettings(environment));
        const ofOthers = [
          ...problemsOf(() => parseEnvironment(directusVariables, environment)),
          ...problemsOf(() => readGatewaySettings(environment)),
          ...problemsOf(() => readCodecServerSettings(environment)),
        ].filter((problem) => !isMissing(problem));
        const problems = [...new Set([...ofTheWorker, ...ofOthers])];
        if (problems.length === 0) return { verdict: 'ok', finding: 'Every setting can be used.' };

        const missing = problems.filter(isMissing).map((problem) => problem.slice(0, problem.indexOf(' ')));
        const wrong = problems.filter((problem) => !isMissing(problem)).map((problem) => problem.replace(/\.$/, ''));
        const findings = [...(missing.length > 0 ? [`not set: ${missing.join(', ')}`] : []), ...wrong].join('; ');
        return {
          verdict: 'problem',
          finding: `${findings.charAt(0).toUpperCase()}${findings.slice(1)}.`,
          advice: 'Correct the settings; .env.example explains each.',
        };
      },
    },
  ];
}

function isMissing(problem: string): boolean {
  return / is not set\b/.test(problem);
}
