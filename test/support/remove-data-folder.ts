import { rm } from 'node:fs/promises';

/**
 * Removes a folder that PostgreSQL wrote to. Tries several times: on a slow machine PostgreSQL is killed in the end,
 * and some of its processes may go on writing for a moment.
 */
export async function removeDataFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
