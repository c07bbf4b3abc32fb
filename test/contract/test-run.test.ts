import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runFile } from '../support/run-program.ts';

/** The home folder of somebody who has fetched no tool yet, on a machine without any of the programs. */
let home: string;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'bare-machine-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const runTests = (...patterns: string[]) =>
  runFile('test/run.ts', patterns, { PATH: path.dirname(process.execPath), HOME: home });

describe('npm test on a machine that lacks programs and has no package manager', () => {
  it('fails before the first test, with one list of what to install', async () => {
    const { exitCode, stdout, stderr } = await runTests('test/contract/alerts', 'test/contract/client-credentials');

    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      [
        'No test was run. Missing, and could not be installed:',
        '  - Python 3.11 or newer',
        "  - Python's venv",
        '  - Go 1.25 or newer (https://go.dev/dl), first on the PATH',
        '  - openssl',
      ].join('\n'),
    );
  });

  it('runs the tests that need none of them', async () => {
    const { exitCode, stdout, stderr } = await runTests('test/unit/retry-after');

    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('PASS') });
    expect(stdout).toMatch(/\n\d+ passed, 0 failed\n?$/);
  });
});
