import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { failures } from '../../src/domain/failures.ts';
import type { RetryBehaviour } from '../../src/domain/failures.ts';

const document = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8');
const chapter = /^## The codes$(.*?)^## /ms.exec(document)?.[1] ?? '';
/** The cells of each row of the table, by the row's code. */
const rows = new Map(
  [...chapter.matchAll(/^\| `(\w+)` +\|(.*)\|$/gm)].map(([, code, cells = '']) => [
    code,
    cells.split('|').map((cell) => cell.trim()),
  ]),
);

const retriedAs: Record<RetryBehaviour, string> = {
  never: 'no',
  backoff: 'yes',
  slowly: 'yes, slowly',
  'retry-after': 'yes, when RideNDine allows it',
  review: 'waits for support staff',
};

describe('docs/failures.md', () => {
  it('explains every failure code, in the order of the table', () => {
    expect([...rows.keys()]).toEqual(Object.keys(failures));
  });

  it.each(Object.entries(failures))('says of %s what the table says', (code, { meaning, retry, httpStatus }) => {
    const [said, ...facts] = rows.get(code) ?? [];

    expect(said).toBe(meaning);
    expect(facts.slice(0, 2)).toEqual([retriedAs[retry], String(httpStatus)]);
    // The cell that says what happens to the order must not be empty.
    expect(facts[2]).toMatch(/\w/);
  });
});
