import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { BundleOptions, WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';
import { workflowSources } from '../../src/worker/workflow-code.ts';
import { sharedFolder } from './shared-folder.ts';

/**
 * Compiles our workflows for workers with this data converter, whose failure converter is built into the bundle. In one
 * run of tests, each bundle is compiled once.
 *
 * @param changes options that replace the product's, for instance other sources.
 */
export async function bundleWorkflows(
  dataConverter: DataConverter = {},
  changes: Partial<BundleOptions> = {},
): Promise<WorkflowBundleWithSourceMap> {
  const sources = { ...workflowSources(dataConverter), ...changes };
  const folder = sharedFolder();
  if (folder === undefined) return await bundle(sources);

  const name = createHash('sha256').update(JSON.stringify(sources)).digest('hex').slice(0, 12);
  const file = path.join(folder, `workflow-bundle-${name}.json`);
  if (!existsSync(file)) {
    // Two test files may compile at the same time: their results are the same.
    const unfinished = `${file}.${process.pid}`;
    await writeFile(unfinished, JSON.stringify(await bundle(sources)));
    await rename(unfinished, file);
  }
  return JSON.parse(await readFile(file, 'utf8'));
}

function bundle(sources: BundleOptions): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({ ...sources, logger: createWorkerLogger('error') });
}
