import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const VARIABLE = 'TEST_SHARED_FOLDER';

/** The folder that the test files of one run share; undefined outside of `npm test`. */
export function sharedFolder(): string | undefined {
  return process.env[VARIABLE];
}

export interface SharedFolder {
  folder: string;
  /** Environment variables by which the tests find the folder. */
  variables: Record<string, string>;
  remove(): Promise<void>;
}

export async function openSharedFolder(): Promise<SharedFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'test-run-'));
  // If the tests run as root, PostgreSQL runs as another user, which must be able to enter the folder.
  await chmod(folder, 0o755);
  return {
    folder,
    variables: { [VARIABLE]: folder },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
