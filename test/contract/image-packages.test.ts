import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { buildApp } from '../production/image.ts';
import { copyProductionPackages } from '../support/image-packages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const BUILDING_MS = 180_000;
const STARTING_MS = 60_000;
const MB = 1_000_000;
/** Together with Node's official slim image of about 240 MB, less than 350 MB. */
const MOST_MB = 100;

let folder: string;
let app: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'image-packages-'));
  app = await buildApp(path.join(folder, 'app'));
}, BUILDING_MS);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the packages of the image', () => {
  it('take a third of what npm installs, at most', async () => {
    const whole = path.join(folder, 'whole');
    await copyProductionPackages(whole);
    const [before, after] = [await megabytesOf(path.join(whole, 'node_modules')), await megabytesOf(app)];

    expect(after).toBeLessThan(MOST_MB);
    expect(after).toBeLessThan(before / 3);
    const left = licencesIn(whole).filter((file) => existsSync(path.join(app, path.dirname(file), 'package.json')));
    expect(licencesIn(app)).toEqual(left);
  }, 60_000);

  it.each(globSync('{src,sandbox}/**/main.ts', { cwd: root }).toSorted())(
    'are all that %s needs to begin',
    async (source) => {
      const program = `dist/${source.replace(/\.ts$/, '.js')}`;
      const { exitCode, stdout, stderr } = await execa(process.execPath, [program, '--help'], {
        cwd: app,
        env: {},
        extendEnv: false,
        reject: false,
        timeout: STARTING_MS,
      });

      expect(`${stdout}${stderr}`).not.toMatch(/cannot find (module|package)|ERR_MODULE_NOT_FOUND|^\s+at /im);
      // Without settings, a service ends with a sentence about them, and a command tells how to use it.
      expect([0, 1]).toContain(exitCode);
      expect(`${stdout}${stderr}`).toMatch(/not set|required|npm run|cannot be reached/i);
    },
    STARTING_MS,
  );
});

/** The files with a licence of the packages below `place`. */
function licencesIn(place: string): string[] {
  return globSync('node_modules/{*,@*/*}/{LICEN[CS]E,NOTICE}*', { cwd: place }).toSorted((a, b) => a.localeCompare(b));
}

async function megabytesOf(place: string): Promise<number> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(path.join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / MB;
}
