import { fileURLToPath } from 'node:url';

/** What the workflows of a worker are compiled from, for a worker that compiles them itself and for whoever bundles. */
export const workflowSources = {
  workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
  interceptorModules: [fileURLToPath(new URL('../workflows/log-context.ts', import.meta.url))],
};
