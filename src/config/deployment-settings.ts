import { z } from 'zod';
import { SettingsError } from './environment.ts';

/**
 * Temporal joins the name of the deployment and the build id to one name, so the name of the deployment must have no
 * dot or colon. It may have a slash, because Temporal's Worker Controller calls a deployment `<namespace>/<name>`: two
 * names of Kubernetes, 127 characters at most.
 */
const deploymentName = z
  .string()
  .regex(/^[\w/-]{1,127}$/, 'must be from 1 to 127 letters, digits, hyphens, underscores or slashes');

export const BUILD_ID = /^[\w.+-]{1,100}$/;

const buildId = z
  .string()
  .regex(BUILD_ID, 'must be from 1 to 100 letters, digits, dots, hyphens, underscores or plus signs');

/** The variables that name this worker's build, by which Temporal tells workers apart (Worker Deployments). */
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
 * The names that the Worker Controller sets win over those of the image: every image has names of its own, and the
 * controller routes orders only to builds with the names that it gave.
 *
 * @throws {SettingsError} if only one of the controller's two names is set. Nobody would route orders to a build with
 *   one name from the controller and one from the image.
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

/** @returns undefined for a worker without a build, as in development: Temporal does not tell such workers apart. */
export function readWorkerBuild(variables: z.output<typeof deploymentVariables>): WorkerBuild | undefined {
  const { name, buildId: build } = readDeployment(variables);
  return build === undefined ? undefined : { deploymentName: name, buildId: build };
}
