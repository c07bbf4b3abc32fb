import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { findHadolint } from '../support/find-hadolint.ts';

const dockerfile = fileURLToPath(new URL('../../Dockerfile', import.meta.url));
/** The first run fetches the linter. */
const FETCHING_MS = 180_000;

const findingsSchema = z.array(z.object({ code: z.string(), line: z.number(), message: z.string() }));

let hadolint: string;
beforeAll(async () => {
  hadolint = await findHadolint(process.env);
}, FETCHING_MS);

/** Everything that hadolint has to say, down to matters of style: no rule is left out, and no comment silences one. */
async function lint(text: string) {
  const args = ['--config', '/dev/null', '--no-fail', '--disable-ignore-pragma', '--format', 'json', '-'];
  const { stdout } = await execa(hadolint, args, { input: text });
  return findingsSchema.parse(JSON.parse(stdout));
}

describe('the Dockerfile', () => {
  it('leaves hadolint nothing to say', async () => {
    expect(await lint(await readFile(dockerfile, 'utf8'))).toEqual([]);
  });

  it.each([
    ['an image without a version', 'FROM node\nUSER 1000\n', 'DL3006'],
    ['root as the last user', 'FROM node:24.0.0\nUSER root\n', 'DL3002'],
    ['a command in a shell, which takes the signals', 'FROM node:24.0.0\nUSER 1000\nCMD node main.js\n', 'DL3025'],
    ['a silenced rule', 'FROM node:24.0.0\n# hadolint ignore=DL3025\nCMD node main.js\n', 'DL3025'],
  ])('would be told of %s', async (_what, text, code) => {
    expect((await lint(text)).map((finding) => finding.code)).toContain(code);
  });
});
