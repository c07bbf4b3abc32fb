import { describe, expect, it } from '@jest/globals';
import { runFile } from '../support/run-program.ts';

const TIMEOUT_MS = 240_000;

describe('npm run bench', () => {
  it(
    'explains itself',
    async () => {
      const { exitCode, stdout } = await runFile('bench/run.ts', ['--help']);

      expect(stdout).toContain('npm run bench [-- OPTION …]');
      expect(exitCode).toBe(0);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['a part that there is not', ['--only', ''], '--only knows whole, orchestration, '],
    ['a number that is none', ['--rounds', 'many'], '--rounds must be a whole number'],
    ['a result that is none', ['--from', 'README.md'], 'This is no result of npm run bench: it is no JSON.'],
  ])('measures nothing for %s', async (_what, args, sentence) => {
    const { exitCode, stderr } = await runFile('bench/run.ts', args);

    expect(stderr).toContain(sentence);
    expect(exitCode).toBe(1);
  });
});

describe('npm run capacity', () => {
  it('explains itself', async () => {
    const { exitCode, stdout } = await runFile('scripts/capacity.ts', ['--help']);

    expect(stdout).toContain('npm run capacity -- --orders-per-second N');
    expect(exitCode).toBe(0);
  });

  it('counts with what was measured', async () => {
    const { exitCode, stdout } = await runFile('scripts/capacity.ts', ['--orders-per-second', '10']);

    expect(stdout).toMatch(/^worker +\d+ /m);
    expect(exitCode).toBe(0);
  });

  it.each([
    ['no number of orders', [], 'Say --orders-per-second N.'],
    ['a number that is none', ['--orders-per-second=-1'], '--orders-per-second must be a number above 0.'],
    [
      'a call that outlasts its time-out',
      ['--orders-per-second', '10', '--partner-ms', '20000'],
      'RideNDine cannot take 20000 ms to answer if a call is given up after 15000',
    ],
  ])('refuses %s', async (_what, args, sentence) => {
    const { exitCode, stderr } = await runFile('scripts/capacity.ts', args);

    expect(stderr).toContain(sentence);
    expect(exitCode).toBe(1);
  });
});
