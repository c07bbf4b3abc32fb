import { describe, expect, it } from '@jest/globals';
import { failureText, reasonOf } from '../../src/domain/failure-details.ts';

const reason = 'RideNDine answered 503.';

describe('the text of a failure', () => {
  it('tells first what failed, last what only a developer asks for', () => {
    const text = failureText({ reason, next: 'It is tried again.', advice: 'Wait.', technical: 'attempt 3' });

    expect(text.split('\n\n')).toEqual([
      reason,
      'It is tried again.',
      'What you can do: Wait.',
      'Technical: attempt 3',
    ]);
  });

  it('leaves out what is not known', () => {
    expect(failureText({ reason })).toBe(reason);
  });

  it('is not read again: the reason stands in the details', () => {
    const message = failureText({ reason, advice: 'Wait.' });

    expect(reasonOf({ message, details: [{ reason }] })).toBe(reason);
  });

  it.each([undefined, null, [], [null], ['text'], [{ reason: 42 }], [{}]])(
    'is all the reason there is of a failure that is none of ours: details %j',
    (details) => {
      expect(reasonOf({ message: 'Activity task timed out', details })).toBe('Activity task timed out');
    },
  );
});
