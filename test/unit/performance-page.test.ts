import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { measuredFile, readBenchResult } from '../../bench/measured.ts';
import { pagesOf } from '../../bench/written-pages.ts';

const root = new URL('../../', import.meta.url);
const measured = readFileSync(measuredFile, 'utf8');
const pages = await pagesOf(readBenchResult(measured));

describe('the figures in the documents', () => {
  it.each(Object.keys(pages))('in %s are those that were measured', (file) => {
    expect(readFileSync(new URL(file, root), 'utf8')).toBe(pages[file]);
  });

  it('come with every chart that docs/performance.md shows', () => {
    const shown = [...String(pages['docs/performance.md']).matchAll(/!\[[^\]]*\]\(([^)]+\.svg)\)/g)].map(
      ([, path]) => `docs/${path}`,
    );

    expect(shown.toSorted()).toEqual(
      Object.keys(pages)
        .filter((file) => file.endsWith('.svg'))
        .toSorted(),
    );
  });
});

describe('a result of the benchmark', () => {
  it('is refused if it is none', () => {
    expect(() => readBenchResult('{"rounds": 1}')).toThrow('This is no result of npm run bench');
  });
});
