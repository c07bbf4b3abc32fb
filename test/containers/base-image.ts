import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const dockerfile = fileURLToPath(new URL('../../Dockerfile', import.meta.url));

/** The base image of our own image, as the Dockerfile names it. @throws Error if it is not Node.js. */
export async function baseImage(): Promise<string> {
  const [, image] = /^FROM (node:\S+)/m.exec(await readFile(dockerfile, 'utf8')) ?? [];
  if (image === undefined) throw new Error('The Dockerfile is not based on node.');
  return image;
}
