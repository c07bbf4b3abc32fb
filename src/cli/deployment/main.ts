import { UsageError, runCommand } from '../command.ts';
import { deploymentVariables, readDeployment } from '../../config/deployment-settings.ts';
import { parseEnvironment } from '../../config/environment.ts';
import { readTemporalSettings, temporalVariables } from '../../config/temporal-settings.ts';
import { withTemporalAccess } from '../../temporal/temporal-access.ts';
import { parseCommandLine, USAGE } from './command-line.ts';
import type { DeploymentCommand } from './command-line.ts';
import { makeCurrent, makeUnversioned, ramp, waitUntilDrained } from './route-orders.ts';
import { describeStatus, statusAsJson } from './show-status.ts';

const variables = temporalVariables.extend(deploymentVariables.shape);

/** `npm run deployment`: which build of the workers takes the orders. @returns what to print. */
async function carryOut(command: DeploymentCommand): Promise<string[]> {
  const set = parseEnvironment(variables, process.env);
  const { name, buildId: ownBuildId } = readDeployment(set);
  return await withTemporalAccess(readTemporalSettings(process.env), async (temporal) => {
    const deployment = {
      temporal,
      name,
      tell: (line: string) => void process.stderr.write(`${line}\n`),
    };
    switch (command.name) {
      case 'status':
        return command.json ? [await statusAsJson(deployment)] : await describeStatus(deployment);
      case 'current': {
        const buildId = command.buildId ?? ownBuildId;
        if (buildId === undefined) throw new UsageError('"current" needs a build id, or WORKER_BUILD_ID.');
        return await makeCurrent(deployment, { ...command, buildId });
      }
      case 'unversioned':
        return await makeUnversioned(deployment, command);
      case 'ramp':
        return await ramp(deployment, command);
      case 'drained':
        return await waitUntilDrained(deployment, command);
    }
  });
}

await runCommand({ program: 'deployment', usage: USAGE, parse: parseCommandLine, carryOut });
