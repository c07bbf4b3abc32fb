import { problemsOf, SettingsError } from './environment.ts';
import { readGatewaySettings } from './gateway-settings.ts';
import { readWorkerSettings } from './worker-settings.ts';

/** What a gateway and a worker in one program need to know: what each needs by itself. @throws {SettingsError} */
export function readGatewayWithWorkerSettings(environment: NodeJS.ProcessEnv) {
  const problems = [
    ...problemsOf(() => readGatewaySettings(environment)),
    ...problemsOf(() => readWorkerSettings(environment)),
  ];
  // What both need is told once.
  if (problems.length > 0) throw new SettingsError([...new Set(problems)]);
  return { gateway: readGatewaySettings(environment), worker: readWorkerSettings(environment) };
}
