import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';

/** `.ts` if this program runs from its sources, `.js` if it runs compiled. */
const extension = path.extname(import.meta.filename);

/** The file in the build's folder into which `npm run build` puts the workflows, compiled for encrypted data. */
export const WORKFLOW_BUNDLE = 'workflow-bundle.js';

/** What the workflows are compiled from. A bundle has the failure converter built in. */
export function workflowSources({ failureConverterPath }: DataConverter): BundleOptions {
  return {
    workflowsPath: fileURLToPath(new URL(`../workflows/index${extension}`, import.meta.url)),
    workflowInterceptorModules: ['log-context', 'trace-interceptors'].map((module) =>
      fileURLToPath(new URL(`../telemetry/${module}${extension}`, import.meta.url)),
    ),
    ...(failureConverterPath !== undefined && { failureConverterPath }),
  };
}

/** The workflows for a worker: as `npm run build` has compiled them, else compiled when the worker starts. */
export function workflowCode(
  dataConverter: DataConverter,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'interceptors'> {
  const isBundled = extension === '.js' && dataConverter.failureConverterPath !== undefined;
  if (!isBundled) {
    const { workflowsPath, workflowInterceptorModules: workflowModules = [] } = workflowSources(dataConverter);
    return { workflowsPath, interceptors: { workflowModules } };
  }
  return { workflowBundle: { codePath: fileURLToPath(new URL(`../../${WORKFLOW_BUNDLE}`, import.meta.url)) } };
}
