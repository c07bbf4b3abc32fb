import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';

/** This program runs from its sources, or compiled. */
const extension = path.extname(import.meta.filename);

/** Where `npm run build` puts the workflows that it has compiled for encrypted data, from the folder of the programs. */
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

/** The workflows for a worker: compiled with it, else when it starts. */
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
