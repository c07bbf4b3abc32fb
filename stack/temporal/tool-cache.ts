import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import envPaths from 'env-paths';
import { hasErrorCode } from '../has-error-code.ts';

/** The folder for programs that are downloaded or built once, for all stacks of this user. */
export function toolCacheFolder(): string {
  return path.join(envPaths('cooco-order-creation', { suffix: '' }).cache, 'tools');
}

/**
 * Puts a tool into the cache. `build` fills a temporary folder, which is then moved to its place as a whole. So each
 * tool in the cache is complete. Two processes that build at once do not disturb each other: the one that is done later
 * uses the tool of the other.
 *
 * @returns the tool's folder.
 */
export async function cacheTool(
  name: string,
  build: (folder: string) => Promise<void>,
  cache = toolCacheFolder(),
): Promise<string> {
  const place = path.join(cache, name);
  if (existsSync(place)) return place;
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(`${place}.unfinished-`);
  try {
    await build(unfinished);
    await rename(unfinished, place);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    const otherWasFaster = hasErrorCode(error, 'ENOTEMPTY') || hasErrorCode(error, 'EEXIST');
    if (!otherWasFaster) throw error;
  }
  return place;
}
