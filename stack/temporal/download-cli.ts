// node download-cli.ts <version> <folder>
// Makes the SDK download the Temporal CLI into the folder, as `temporal`. Exit code 0 if that succeeded.
import { readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [version, folder] = process.argv.slice(2);
if (version === undefined || folder === undefined) throw new Error('The version or the folder is missing.');

const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', version: `v${version}`, downloadDir: folder } },
});
await environment.teardown();

const downloaded = (await readdir(folder)).find((name) => name.startsWith('temporal'));
if (downloaded === undefined) throw new Error('The SDK left no executable.');
await rename(path.join(folder, downloaded), path.join(folder, 'temporal'));
