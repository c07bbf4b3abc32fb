import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = 'docs/pictures/';

const filesBelow = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const kept = filesBelow(FOLDER, '.png').toSorted();
const taken = filesBelow('test/browser', '.test.ts')
  .flatMap((file) => [...read(file).matchAll(/\bpicture\(\w+, '([^']+)'/g)])
  .map(([, name]) => `${FOLDER}${name}.png`);
const documents = ['README.md', ...filesBelow('docs', '.md')];

describe('the pictures of the documents', () => {
  it('are taken by the browser tests, every one and each once', () => {
    expect(taken.toSorted()).toEqual(kept);
  });

  it.each(documents)('are there where %s shows them', (document) => {
    const folder = document.slice(0, -basename(document).length);
    const shown = [...read(document).matchAll(/!\[[^\]]*\]\(([^)\s]+\.png)\)/g)].map(([, path]) =>
      join(folder, String(path)),
    );

    expect(kept).toEqual(expect.arrayContaining(shown));
  });

  it('are light enough for a page that shows many', () => {
    const heavy = kept.filter((file) => readFileSync(join(root, file)).length > 200_000);

    expect(heavy).toEqual([]);
  });
});
