import { z } from 'zod';

/** Temporal joins the two names to one, and takes no dot or colon in the first for that. */
const deploymentName = z
  .string()
  .regex(/^[\w-]{1,100}$/, 'must be from 1 to 100 letters, digits, hyphens or underscores')
  .default('order-creation');

export const BUILD_ID = /^[\w.+-]{1,100}$/;

/** Which build of the workers this is, among those that Temporal tells apart (Worker Deployments). */
export const deploymentVariables = z.object({
  WORKER_DEPLOYMENT_NAME: deploymentName,
  WORKER_BUILD_ID: z
    .string()
    .regex(BUILD_ID, 'must be from 1 to 100 letters, digits, dots, hyphens, underscores or plus signs')
    .optional(),
});

export interface WorkerBuild {
  deploymentName: string;
  buildId: string;
}

/** @returns undefined for a worker without a build, as in development: Temporal then tells it apart from no other. */
export function readWorkerBuild(variables: z.output<typeof deploymentVariables>): WorkerBuild | undefined {
  const { WORKER_DEPLOYMENT_NAME: name, WORKER_BUILD_ID: buildId } = variables;
  return buildId === undefined ? undefined : { deploymentName: name, buildId };
}
