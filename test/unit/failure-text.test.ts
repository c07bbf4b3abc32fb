import { describe, expect, it } from '@jest/globals';
import { failureText, reasonIn } from '../../src/domain/failure-text.ts';

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

  it('gives its reason back', () => {
    expect(reasonIn(failureText({ reason, advice: 'Wait.' }))).toBe(reason);
    expect(reasonIn(reason)).toBe(reason);
    expect(reasonIn('')).toBe('');
  });
});
