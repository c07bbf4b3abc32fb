import { z } from 'zod';
import { SettingsError } from './environment.ts';

/**
 * Temporal joins the two names to one, and takes no dot or colon in the first for that. A slash comes from Temporal's Worker
 * Controller, which calls a deployment `<namespace>/<name>`: two names of Kubernetes, 127 characters at most.
 */
const deploymentName = z
  .string()
  .regex(/^[\w/-]{1,127}$/, 'must be from 1 to 127 letters, digits, hyphens, underscores or slashes');

export const BUILD_ID = /^[\w.+-]{1,100}$/;

const buildId = z
  .string()
  .regex(BUILD_ID, 'must be from 1 to 100 letters, digits, dots, hyphens, underscores or plus signs');

/** Which build of the workers this is, among those that Temporal tells apart (Worker Deployments). */
export const deploymentVariables = z.object({
  WORKER_DEPLOYMENT_NAME: deploymentName.default('order-creation'),
  WORKER_BUILD_ID: buildId.optional(),
  /** What Temporal's Worker Controller sets in the pods that it makes. */
  TEMPORAL_DEPLOYMENT_NAME: deploymentName.optional(),
  TEMPORAL_WORKER_BUILD_ID: buildId.optional(),
});

export interface WorkerBuild {
  deploymentName: string;
  buildId: string;
}

/**
 * The names of the Worker Controller win: every image has names of its own, and the controller routes orders only to the
 * build whose names it has given.
 *
 * @throws {SettingsError} if only one of its two is set: half of each would be a build that nobody routes to.
 */
export function readDeployment(variables: z.output<typeof deploymentVariables>): {
  name: string;
  buildId: string | undefined;
} {
  const { TEMPORAL_DEPLOYMENT_NAME: name, TEMPORAL_WORKER_BUILD_ID: build } = variables;
  if (name !== undefined && build !== undefined) return { name, buildId: build };
  if (name !== undefined) throw new SettingsError(['TEMPORAL_WORKER_BUILD_ID is not set.']);
  if (build !== undefined) throw new SettingsError(['TEMPORAL_DEPLOYMENT_NAME is not set.']);
  return { name: variables.WORKER_DEPLOYMENT_NAME, buildId: variables.WORKER_BUILD_ID };
}

/** @returns undefined for a worker without a build, as in development: Temporal then tells it apart from no other. */
export function readWorkerBuild(variables: z.output<typeof deploymentVariables>): WorkerBuild | undefined {
  const { name, buildId: build } = readDeployment(variables);
  return build === undefined ? undefined : { deploymentName: name, buildId: build };
}
