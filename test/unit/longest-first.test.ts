import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const root = new URL('../../', import.meta.url);

it('names no test file that is gone among those that begin first', () => {
  const source = readFileSync(new URL('test/longest-first.mjs', root), 'utf8');
  const names = [...source.matchAll(/'(test\/[\w/-]+)'/g)].map(([, name]) => `${name}.test.ts`);

  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !existsSync(new URL(name, root)))).toEqual([]);
});
