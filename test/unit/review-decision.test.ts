import { describe, expect, it } from '@jest/globals';
import { faultsOfWhoAndWhy, faultsOfReviewDecision, withoutBlanksAtEnds } from '../../src/contract/updates.ts';

const who = { actor: 'support-1', reason: 'Asked the partner.' };
const link = { decision: 'link', ...who, ridendine_order_id: 'r-1', payment_session_id: 'p-1' };

describe('a review decision', () => {
  it.each([
    { decision: 'retry', ...who },
    { decision: 'abandon', ...who },
    link,
    { decision: 'retry', ...who, ridendine_order_id: null, payment_session_id: '' },
    { decision: 'retry', actor: 'x'.repeat(500), reason: 'x'.repeat(500) },
    { ...link, ridendine_order_id: 'r'.repeat(512), payment_session_id: 'p'.repeat(4096) },
  ])('is complete: %#', (decision) => {
    expect(faultsOfReviewDecision(decision)).toEqual([]);
  });

  it.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['A decision is a JSON object']],
    ['null', null, ['A decision is a JSON object']],
    ['a text', 'retry', ['A decision is a JSON object']],
    ['a list', [], ['A decision is a JSON object']],
    ['no decision', who, ['"decision" is missing: it has to be "retry", "link" or "abandon".']],
    ['an empty decision', { decision: '', ...who }, ['"decision" is missing: it has to be "retry", "link" or']],
    ['an unknown decision', { decision: 'toString', ...who }, ['"decision" has to be "retry", "link" or "abandon".']],
    ['a decision that is no text', { decision: ['retry'], ...who }, ['"decision" has to be "retry", "link" or']],
    ['a decision in capitals', { decision: 'Retry ', ...who }, ['"abandon". Write "retry" exactly so.']],
    [
      'a misspelt "decision"',
      { desicion: 'retry', ...who },
      ['"decision" is missing: it has to be "retry", "link" or "abandon".', 'A field with an unknown name is given'],
    ],
    ['nobody and no reason', { decision: 'retry' }, ['"actor" is missing: it tells who', '"reason" is missing']],
    ['no reason', { decision: 'retry', actor: 'support-1' }, ['"reason" is missing: it tells why']],
    ['a reason that is null', { decision: 'retry', ...who, reason: null }, ['"reason" is missing: it tells why']],
    [
      'empty words',
      { decision: 'abandon', actor: ' ', reason: '' },
      ['"actor" is empty: it tells', '"reason" is empty'],
    ],
    [
      'words that are no text',
      { decision: 'abandon', actor: 1, reason: {} },
      ['"actor" has to be a text in double quotes', '"reason" has to be a text'],
    ],
    [
      'a link without ids',
      { decision: 'link', ...who },
      [`"ridendine_order_id" is missing: it tells RideNDine's id of the order.`, '"payment_session_id" is missing'],
    ],
    ['a link with half of the ids', { ...link, payment_session_id: undefined }, ['"payment_session_id" is missing']],
    [
      'characters that cannot be stored',
      { decision: 'retry', actor: 'support\u00001', reason: 'Asked \ud800.' },
      ['"actor" contains a character that cannot be stored', '"reason" contains a character'],
    ],
    [
      'too many words',
      { decision: 'retry', actor: 'x'.repeat(501), reason: 'x'.repeat(600) },
      ['"actor" is too long: it may have 500 characters, and has 501.', 'and has 600.'],
    ],
    [
      'ids that are too long',
      { ...link, ridendine_order_id: 'r'.repeat(513), payment_session_id: 'p'.repeat(4097) },
      ['it may have 512 characters', 'it may have 4096 characters'],
    ],
    [
      'ids that cannot be stored',
      { ...link, ridendine_order_id: 'r\u0000', payment_session_id: 'p\u0000' },
      ['"ridendine_order_id" contains', '"payment_session_id" contains'],
    ],
    [
      'blanks inside the ids',
      { ...link, ridendine_order_id: 'r 1', payment_session_id: 'p\n1' },
      [
        '"ridendine_order_id" has a blank, a line break or an invisible character in it: copy the id anew.',
        '"payment_session_id" has a blank',
      ],
    ],
    [
      'invisible characters inside the ids',
      { ...link, ridendine_order_id: 'r\u200b1', payment_session_id: 'p\u00a01' },
      ['"ridendine_order_id" has a blank', '"payment_session_id" has a blank'],
    ],
    [
      'nothing but blanks',
      { ...link, ridendine_order_id: '\u200b\u00a0', actor: '\ufeff' },
      ['"actor" is empty', '"ridendine_order_id" is empty'],
    ],
    [
      'the same id twice',
      { ...link, ridendine_order_id: 'ps_1 ', payment_session_id: 'ps_1' },
      ['"ridendine_order_id" and "payment_session_id" are the same: RideNDine gives an order two different ids.'],
    ],
    [
      'a check that is no yes or no',
      { ...link, ids_checked: 'yes' },
      ['"ids_checked" has to be true or false, without quotes'],
    ],
    [
      'ids for a decision that takes none',
      { ...link, decision: 'abandon' },
      ['"ridendine_order_id" is given, and "abandon" takes no ids: decide "link"', '"payment_session_id" is given'],
    ],
  ])('with %s is explained', (_case, decision, expected) => {
    const faults = faultsOfReviewDecision(decision);

    expect(faults).toEqual(expected.map((part) => expect.stringContaining(part)));
  });

  it.each(['ridendine_orderid', 'ridendineOrderId', 'id_checked', 'note', 'Ann Lee'])(
    'is not taken with an unknown field, which may be a misspelt one and is not repeated: %s',
    (unknown) => {
      expect(faultsOfReviewDecision({ ...link, [unknown]: true })).toEqual([
        'A field with an unknown name is given: check the spelling. The fields are decision, actor, reason, ridendine_order_id, payment_session_id, ids_checked.',
      ]);
      expect(faultsOfWhoAndWhy({ ...who, [unknown]: true })).toEqual([
        'A field with an unknown name is given: check the spelling. The fields are actor, reason.',
      ]);
    },
  );

  it.each(['…', 'rnd_…', 'ps_...', '<id>', 'your name', ' Your Name '])(
    'is not taken with the text of an example: %s',
    (value) => {
      expect(faultsOfReviewDecision({ ...link, ridendine_order_id: value })).toEqual([
        `"ridendine_order_id" is still that of the example: it tells RideNDine's id of the order.`,
      ]);
    },
  );

  it('is never repeated in what is said of it', () => {
    const said = [
      faultsOfReviewDecision('canary'),
      faultsOfReviewDecision({ decision: 'canary', ...who }),
      faultsOfReviewDecision({
        ...link,
        actor: 'canary\u0000',
        reason: 'canary'.repeat(100),
        ridendine_order_id: ['canary'],
      }),
      faultsOfReviewDecision({ ...link, decision: 'retry', ridendine_order_id: 'canary' }),
      faultsOfReviewDecision({ decision: 'link', canary: 'canary' }),
    ].flat();

    expect(said.length).toBeGreaterThan(5);
    expect(said.join(' ')).not.toContain('canary');
  });

  it('is explained in the names of the place where it is made', () => {
    const [fault] = faultsOfReviewDecision({ decision: 'retry', reason: 'r' }, (field) => `--${field}`);

    expect(fault).toMatch(/^--actor is missing/);
  });
});

describe('a decision that was typed or pasted', () => {
  it('is carried out without the blanks at the ends of its texts', () => {
    const pasted = {
      decision: 'link' as const,
      actor: ' support-1 ',
      reason: '\tAsked the partner.\r\n',
      ridendine_order_id: '\u00a0rnd_1 ',
      payment_session_id: '\ufeffps_1\u200b\n',
    };

    expect(faultsOfReviewDecision(pasted)).toEqual([]);
    expect(withoutBlanksAtEnds(pasted)).toEqual({
      decision: 'link',
      ...who,
      ridendine_order_id: 'rnd_1',
      payment_session_id: 'ps_1',
    });
  });

  it('keeps the line breaks in a reason', () => {
    const reason = 'Ticket 1\n\nTheir answer: go on';

    expect(withoutBlanksAtEnds({ actor: 'support-1', reason: `${reason}\n` }).reason).toBe(reason);
  });

  it('is measured without the blanks at its ends', () => {
    expect(faultsOfReviewDecision({ ...link, ridendine_order_id: `${'r'.repeat(512)} \n` })).toEqual([]);
  });
});
