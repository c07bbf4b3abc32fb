import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createDemoQuote } from './seed.ts';
import type { SeedOptions } from './seed.ts';

/** Makes a fresh quote, and the file that README's curl sends to confirm it. @returns the file's path. */
export async function writeDemoCheckout({ dataDir, ...directus }: SeedOptions & { dataDir: string }): Promise<string> {
  const file = path.join(dataDir, 'checkout.json');
  await writeFile(file, `${JSON.stringify(await createDemoQuote(directus), null, 2)}\n`);
  return file;
}
