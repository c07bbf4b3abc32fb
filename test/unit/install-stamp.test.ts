import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { installFailureSentence } from '../../stack/launch/install-failure.mjs';
import { isInstalled, packagesOfEveryMachine, wantedStamp, writeStamp } from '../../stack/launch/stamp.mjs';

let root: string;

const write = (name: string, content: unknown) => {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  writeFileSync(path.join(root, name), JSON.stringify(content));
};
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
  it('counts as installed once the stamp is written', () => {
    expect(isInstalled(root)).toBe(false);
    writeStamp(root);
    expect(isInstalled(root)).toBe(true);
  });

  it('is out of date once the lock file or an override changes', () => {
    writeStamp(root);
    write('package-lock.json', lock('1.0.1'));
    expect(isInstalled(root)).toBe(false);

    writeStamp(root);
    write('package.json', { ...manifest, overrides: { one: '2.0.0' } });
    expect(isInstalled(root)).toBe(false);
  });

  it('is not installed again for a new script', () => {
    const before = wantedStamp(root);
    write('package.json', { ...manifest, scripts: { bench: 'node bench.ts' } });
    expect(wantedStamp(root)).toBe(before);
  });

  it('is incomplete without the Node that everything runs on', () => {
    writeStamp(root);
    rmSync(path.join(root, 'node_modules/.bin/node'));
    expect(isInstalled(root)).toBe(false);
  });

  it('counts as installed if a person has run npm ci, packages for other systems aside', () => {
    write('node_modules/.package-lock.json', { packages: { 'node_modules/one': { version: '1.0.0' } } });
    expect(isInstalled(root)).toBe(true);
    write('node_modules/.package-lock.json', { packages: { 'node_modules/one': { version: '0.9.0' } } });
    expect(isInstalled(root)).toBe(false);
  });

  it('is followed by the packages that are for every system', () => {
    expect(packagesOfEveryMachine(root)).toEqual(['node_modules/one']);
  });
});

describe('a failed installation', () => {
  it.each([
    ['npm error code ENOSPC', 'disk is full'],
    ['npm error code EACCES', 'not writable'],
    ['npm error code ENOTFOUND', 'can not be reached'],
    ['npm error code EAI_AGAIN', 'can not be reached'],
    ['npm error code E401', 'refuses the credential'],
    ['npm error something new', 'npm says why above'],
  ])('says what to do about "%s"', (output, expected) => {
    expect(installFailureSentence({ output })).toContain(expected);
  });
});
