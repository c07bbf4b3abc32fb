import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { codecServerProblems } from '../../src/codec-server/problems.ts';
import { failures } from '../../src/domain/failures.ts';
import { problemCodes, problemEntry } from '../../src/gateway/problem-codes.ts';
import { problemType } from '../../src/runtime/problem.ts';

const page = readFileSync(new URL('../../docs/problems.md', import.meta.url), 'utf8');

/** The text below each heading, on one line. The heading, which is the problem's code, is the key. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [code = '', ...text] = section.split('\n');
      return [code, text.join(' ').replaceAll('`', '').replaceAll(/\s+/g, ' ').trim()];
    }),
);

describe('docs/problems.md', () => {
  it('has a section for every code that the gateway answers, and for no other', () => {
    expect([...sections.keys()].toSorted()).toEqual(problemCodes.toSorted());
  });

  it.each(problemCodes)('says of %s what the code table says, and what to do', (code) => {
    const { status, title, retryable } = problemEntry(code);
    const section = sections.get(code) ?? '';
    const said = `${problemType(code)} · ${status} · ${retryable ? 'retryable' : 'not retryable'} ${title}`;

    expect(section.slice(0, said.length)).toBe(said);
    expect(section.length).toBeGreaterThan(said.length + 20);
  });
});

describe('docs/encryption.md', () => {
  const encryptionPage = readFileSync(new URL('../../docs/encryption.md', import.meta.url), 'utf8');
  const own = Object.entries(codecServerProblems).filter(([code]) => !sections.has(code));

  it.each(own)('says of %s when the codec server answers it', (code, { status }) => {
    expect(encryptionPage).toContain(`\`${status} ${code}\``);
  });

  it('leaves to docs/problems.md what is the same as there', () => {
    expect(own.map(([code]) => code)).toEqual([
      'OriginNotAllowed',
      'SubjectNotAllowed',
      'DecryptionFailed',
      'TokenKeysUnavailable',
    ]);
  });
});

describe('a problem', () => {
  it('is there for every failure that ends an order creation', () => {
    const others = Object.keys(failures).filter((code) => !problemCodes.includes(code as never));

    // This failure brings the order to review instead of ending the run.
    expect(others).toEqual(['LinkConflict']);
  });
});
