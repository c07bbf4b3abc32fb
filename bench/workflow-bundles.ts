import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { dataConverterFor } from '../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../src/temporal/encryption-keys.ts';
import { createWorkerLogger } from '../src/telemetry/worker-logger.ts';
import { workflowSources } from '../src/worker/workflow-code.ts';

/** The workflows as a worker takes them, each kind compiled once. */
export interface WorkflowBundles {
  /** @returns the path of the compiled workflows. */
  bundleFor(options: {
    encryptionKeys: string;
    interceptor?: string | undefined;
    workflow?: string | undefined;
  }): Promise<string>;
}

export function openWorkflowBundles(folder: string): WorkflowBundles {
  const known = new Map<string, string>();
  return {
    async bundleFor({ encryptionKeys, interceptor, workflow }) {
      const dataConverter = dataConverterFor(parseEncryptionKeys(encryptionKeys));
      const kind = JSON.stringify([dataConverter.failureConverterPath, interceptor, workflow]);
      const made = known.get(kind);
      if (made !== undefined) return made;
      const { workflowInterceptorModules: modules = [], ...sources } = workflowSources(dataConverter);
      const { code } = await bundleWorkflowCode({
        ...(workflow === undefined ? sources : { workflowsPath: workflow }),
        workflowInterceptorModules: [
          ...(workflow === undefined ? modules : []),
          ...(interceptor === undefined ? [] : [interceptor]),
        ],
        logger: createWorkerLogger('warn'),
      });
      const file = path.join(folder, `workflow-bundle-${known.size}.js`);
      await writeFile(file, code);
      known.set(kind, file);
      return file;
    },
  };
}
