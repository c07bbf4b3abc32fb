import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { failures } from '../../src/domain/failures.ts';
import type { RetryBehaviour } from '../../src/domain/failures.ts';

const document = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8');
const chapter = /^## The codes$(.*?)^## /ms.exec(document)?.[1] ?? '';
const sections = new Map(
  chapter
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
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
    expect([...sections.keys()]).toEqual(Object.keys(failures));
  });

  it.each(Object.entries(failures))('says of %s what the table says', (code, { meaning, retry, httpStatus }) => {
    const section = sections.get(code);

    expect(section?.split('\n')[2]).toBe(meaning);
    expect(section).toContain(`\n- **Retried:** ${retriedAs[retry]}\n`);
    expect(section).toContain(`\n- **HTTP:** ${httpStatus}\n`);
  });

  it.each(Object.keys(failures))(
    'says of %s what the customer sees, what is in Directus, what support does',
    (code) => {
      for (const who of ['The customer', 'In Directus', 'Support staff']) {
        expect(sections.get(code)).toMatch(new RegExp(`^- \\*\\*${who}\\*\\* \\w`, 'm'));
      }
    },
  );
});
