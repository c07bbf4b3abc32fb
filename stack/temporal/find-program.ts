import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';

/** @returns the first program of that name on the search path. */
export async function findOnPath(program: string, searchPath: string | undefined): Promise<string | undefined> {
  for (const folder of (searchPath ?? '').split(path.delimiter).filter((entry) => entry !== '')) {
    const file = path.join(folder, program);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
