import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { findDocker } from '../containers/docker.ts';
import { recipesFor } from '../containers/images.ts';
import { readConfinement } from '../containers/processes.ts';
import { COMPOSE_LOADING_MS, developmentEnvironment, loadComposeProject } from '../support/compose-project.ts';
import { TEMPORAL_UI_VERSION } from '../support/find-temporal-ui.ts';

/** Tests of the code on which `npm run test:containers` is built, without a container. */

describe('Docker', () => {
  const { PATH } = process.env;
  const complaints: string[] = [];
  let bin: string;
  const find = () =>
    findDocker({ project: 'nobody-has-it', doing: () => {}, complain: (text) => complaints.push(text) });

  beforeAll(async () => {
    bin = await mkdtemp(path.join(tmpdir(), 'docker-'));
    process.env['PATH'] = `${bin}:${PATH}`;
  });
  afterEach(() => {
    complaints.length = 0;
  });
  afterAll(async () => {
    process.env['PATH'] = PATH;
    await rm(bin, { recursive: true });
  });

  /** Makes a working program `docker`. Its commands that match `fail.of` fail with the text `fail.with`. */
  async function dockerWhosePulls(fail: { of: RegExp; with: string } | undefined): Promise<void> {
    const cases = fail === undefined ? '' : `*${fail.of.source}*) echo '${fail.with}' >&2; exit 1 ;;`;
    const script = `#!/bin/sh\necho "$@" >>"${bin}/asked"\ncase "$*" in ${cases} *) echo 28.1.1 ;; esac\n`;
    await writeFile(path.join(bin, 'docker'), script);
    await chmod(path.join(bin, 'docker'), 0o755);
    await rm(path.join(bin, 'asked'), { force: true });
  }

  it('is taken where all images can be fetched, the base of our own among them', async () => {
    await dockerWhosePulls(undefined);

    expect(await find()).toMatchObject({ engine: { name: 'Docker', hasStandIns: false } });
    expect(await readFile(path.join(bin, 'asked'), 'utf8')).toMatch(/^pull --quiet node:\d+\.\d+\.\d+-/m);
    expect(complaints).toEqual([]);
  });

  it('is not taken where it reaches no registry, and what it says is shown', async () => {
    const says = 'Error response from daemon: Get "https://registry/v2/": dial tcp: lookup registry: no such host';
    await dockerWhosePulls({ of: /pull/, with: says });

    expect(await find()).toBeUndefined();
    expect(complaints).toEqual([says]);
  });

  it.each([
    ['pull --quiet --ignore', 'manifest for temporalio/ui:0.0.0 not found: manifest unknown'],
    ['pull --quiet node', 'manifest for node:0.0.0 not found: manifest unknown'],
    ['pull --quiet --ignore', 'no space left on device'],
  ])('is an error where %s fails otherwise: %s', async (of, says) => {
    await dockerWhosePulls({ of: new RegExp(of.replaceAll(' ', '\\ ')), with: says });

    await expect(find()).rejects.toThrow('are not all to be had');
    expect(complaints).toEqual([says]);
  });
});

describe('the processes of a container', () => {
  it('are those of its program, without what the engine has started beside it', () => {
    const processes = read(
      status('postgres', 1, 0, 999),
      status('postgres', 27, 1, 999),
      status('writer', 28, 27, 999),
      status('pg_isready', 90, 0, 0),
      status('sh', 91, 0, 0),
      status('grep', 92, 91, 0),
    );

    expect(processes.map(({ name, uid }) => [name, uid])).toEqual([
      ['postgres', 999],
      ['postgres', 999],
      ['writer', 999],
    ]);
  });

  it('are also those whose parent has just ended', () => {
    expect(read(status('init', 1, 0, 1000), status('orphan', 8, 7, 0)).map(({ name }) => name)).toEqual([
      'init',
      'orphan',
    ]);
  });
});

describe('a stand-in', () => {
  it(
    'is made anew when what it is made of has another version than its tag says',
    async () => {
      const recipes = await recipesFor(await loadComposeProject(developmentEnvironment), () => {});
      const madeOf = Object.fromEntries(recipes.map(({ name, madeOf: parts = [] }) => [name, parts.join('\n')]));
      const { overrides } = JSON.parse(
        await readFile(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
      ) as { overrides: object };

      expect(madeOf['temporal-ui']).toBe(TEMPORAL_UI_VERSION);
      expect(madeOf['temporal-admin-tools']).toMatch(/^temporal version \d/);
      expect(JSON.parse(madeOf['directus'] ?? '')).toMatchObject({ overrides });
    },
    COMPOSE_LOADING_MS,
  );
});

/** What the script prints for a process. */
const status = (name: string, pid: number, parent: number, uid: number) =>
  `Name:\t${name}\nPid:\t${pid}\nPPid:\t${parent}\nUid:\t${uid}\t${uid}\nCapEff:\t00\nCapBnd:\t00\nNoNewPrivs:\t1\nend\n`;
const read = (...statuses: string[]) =>
  readConfinement(`${statuses.join('')}mounts\noverlay / overlay ro,relatime 0 0\nfiles\n`).processes;
