import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { createWorkerLogger } from '../../src/observability/worker-logger.ts';
import { workflowSources } from '../../src/worker/workflow-sources.ts';

/** Our workflows, or those of `entry`, compiled once for workers with this data converter: a bundle has it built in. */
export async function bundleWorkflows(
  { failureConverterPath }: DataConverter = {},
  entry?: URL,
): Promise<WorkflowBundleWithSourceMap> {
  return await bundleWorkflowCode({
    workflowsPath: entry === undefined ? workflowSources.workflowsPath : fileURLToPath(entry),
    workflowInterceptorModules: workflowSources.interceptorModules,
    ...(failureConverterPath !== undefined && { failureConverterPath }),
    logger: createWorkerLogger('error'),
  });
}
