// npm run build: compiles the programs and the workflow bundle to dist/, as the image has them.
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { execa } from 'execa';
import { encryptedFailures } from '../src/temporal/data-converter.ts';
import { createWorkerLogger } from '../src/telemetry/worker-logger.ts';
import { WORKFLOW_BUNDLE, workflowSources } from '../src/worker/workflow-code.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = path.resolve(process.argv[2] ?? path.join(root, 'dist'));

// Otherwise the compiled form of a source file that is gone would stay and still be found.
for (const old of ['src', 'sandbox', WORKFLOW_BUNDLE])
  await rm(path.join(target, old), { recursive: true, force: true });
await execa(path.join(root, 'node_modules/.bin/tsc'), ['--project', 'tsconfig.build.json', '--outDir', target], {
  cwd: root,
  stdio: 'inherit',
});
const { code } = await bundleWorkflowCode({
  ...workflowSources(encryptedFailures),
  logger: createWorkerLogger('warn'),
});
await writeFile(path.join(target, WORKFLOW_BUNDLE), code);
