import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createDemoQuote } from '../sandbox/shop/demo-data.ts';
import type { ShopAccess } from '../sandbox/shop/demo-data.ts';

/** Makes a fresh quote, and the file that README's curl sends to confirm it. @returns the file's path. */
export async function writeDemoCheckout({ dataDir, ...directus }: ShopAccess & { dataDir: string }): Promise<string> {
  const file = path.join(dataDir, 'checkout.json');
  await writeFile(file, `${JSON.stringify(await createDemoQuote(directus), null, 2)}\n`);
  return file;
}
