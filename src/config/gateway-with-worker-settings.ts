import { problemsOf, SettingsError } from './environment.ts';
import { readGatewaySettings } from './gateway-settings.ts';
import { readWorkerSettings } from './worker-settings.ts';

/** Reads the settings of a gateway and a worker in one program: all that each needs alone. @throws {SettingsError} */
export function readGatewayWithWorkerSettings(environment: NodeJS.ProcessEnv) {
  const problems = [
    ...problemsOf(() => readGatewaySettings(environment)),
    ...problemsOf(() => readWorkerSettings(environment)),
  ];
  // A problem of a variable that both need is told once.
  if (problems.length > 0) throw new SettingsError([...new Set(problems)]);
  return { gateway: readGatewaySettings(environment), worker: readWorkerSettings(environment) };
}
