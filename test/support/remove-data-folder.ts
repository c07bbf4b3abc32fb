import { rm } from 'node:fs/promises';

/**
 * Removes a folder that PostgreSQL wrote to. Where the machine is slow PostgreSQL is killed at last, and those of its
 * processes that notice that a moment later may still write.
 */
export async function removeDataFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
