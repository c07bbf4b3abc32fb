import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const VARIABLE = 'TEST_SHARED_FOLDER';

/** What the files of one run of tests share; undefined outside of `npm test`. */
export function sharedFolder(): string | undefined {
  return process.env[VARIABLE];
}

export interface SharedFolder {
  folder: string;
  /** By which the tests find it. */
  variables: Record<string, string>;
  remove(): Promise<void>;
}

/** Makes the folder for one run. */
export async function openSharedFolder(): Promise<SharedFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'test-run-'));
  // PostgreSQL runs as a user of its own where we are root.
  await chmod(folder, 0o755);
  return {
    folder,
    variables: { [VARIABLE]: folder },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
