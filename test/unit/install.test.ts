import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { installFailureSentence } from '../../stack/launch/install-failure.mjs';
import { lockInstallation } from '../../stack/launch/install-lock.mjs';
import { isInstalled } from '../../stack/launch/install.mjs';

let root: string;

const write = (name: string, content: unknown) => {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  writeFileSync(path.join(root, name), JSON.stringify(content));
};
const record = (packages: object) => write('node_modules/.package-lock.json', { packages });
const manifest = { name: 'project', scripts: {}, dependencies: { one: '1.0.0' } };
const lock = (version: string) => ({
  packages: {
    '': manifest,
    'node_modules/one': { version },
    'node_modules/elsewhere': { version: '1.0.0', optional: true, os: ['no-such-system'] },
  },
});

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'cooco-stamp-'));
  write('package.json', manifest);
  write('package-lock.json', lock('1.0.0'));
  write('node_modules/.bin/node', '');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('node_modules', () => {
  it('counts as installed if npm has recorded what the lock file says, packages for other systems aside', () => {
    expect(isInstalled(root)).toBe(false);
    record({ 'node_modules/one': { version: '1.0.0' } });
    expect(isInstalled(root)).toBe(true);
  });

  it('is out of date once the lock file changes', () => {
    record({ 'node_modules/one': { version: '1.0.0' } });
    write('package-lock.json', lock('1.0.1'));
    expect(isInstalled(root)).toBe(false);
  });

  it('is not installed again for a new script', () => {
    record({ 'node_modules/one': { version: '1.0.0' } });
    write('package.json', { ...manifest, scripts: { bench: 'node bench.ts' } });
    expect(isInstalled(root)).toBe(true);
  });

  it('is incomplete without the Node that everything runs on', () => {
    record({ 'node_modules/one': { version: '1.0.0' } });
    rmSync(path.join(root, 'node_modules/.bin/node'));
    expect(isInstalled(root)).toBe(false);
  });
});

describe('the lock of an installation', () => {
  it('is taken at once from a process that has died with it', async () => {
    write('installing.lock', [{ pid: process.pid, startedAt: 'earlier' }]);

    const held = await lockInstallation(root);

    held.release();
    expect(readdirSync(root)).not.toContain('installing.lock');
  });

  it('is held by one at a time, of many that come at once upon a dead one', async () => {
    write('installing.lock', [{ pid: process.pid, startedAt: 'earlier' }]);
    const script = `
      import { lockInstallation } from '${new URL('../../stack/launch/install-lock.mjs', import.meta.url).href}';
      import { writeFileSync, rmSync } from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      const lock = await lockInstallation(process.argv[1]);
      writeFileSync(process.argv[1] + '/inside', '', { flag: 'wx' });
      await setTimeout(50);
      rmSync(process.argv[1] + '/inside');
      lock.release();`;
    const args = ['--input-type=module', '--eval', script, root];

    const ends = await Promise.all(Array.from({ length: 8 }, () => execa(process.execPath, args, { reject: false })));

    expect(ends.map(({ exitCode, stderr }) => stderr || exitCode)).toEqual(Array(8).fill(0));
  });
});

describe('a failed installation', () => {
  it.each([
    ['npm error code ENOSPC', 'disk is full'],
    ['npm error code EACCES', 'not writable'],
    ['npm error code ENOTFOUND', 'cannot be reached'],
    ['npm error code EAI_AGAIN', 'cannot be reached'],
    ['npm error code E401', 'refuses the credential'],
    ['npm error something new', 'npm says why above'],
  ])('says what to do about "%s"', (output, expected) => {
    expect(installFailureSentence(output)).toContain(expected);
  });
});
