import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { createWorkerLogger } from '../../src/observability/worker-logger.ts';
import { workflowSources } from '../../src/worker/workflow-code.ts';

/** Our workflows, or those of `entry`, compiled once for workers with this data converter: a bundle has it built in. */
export async function bundleWorkflows(
  dataConverter: DataConverter = {},
  entry?: URL,
): Promise<WorkflowBundleWithSourceMap> {
  return await bundleWorkflowCode({
    ...workflowSources(dataConverter),
    ...(entry && { workflowsPath: fileURLToPath(entry) }),
    logger: createWorkerLogger('error'),
  });
}
