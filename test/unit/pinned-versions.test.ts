import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { compareWithNewest } from '../../scripts/newest-versions.ts';
import type { Finding } from '../../scripts/newest-versions.ts';
import { pinnedVersions, pins } from '../../scripts/pinned-versions.ts';
import type { PinnedVersion } from '../../scripts/pinned-versions.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(`${root}${file}`, 'utf8');
const pinned = pinnedVersions();

describe('the versions that we name', () => {
  it('stand in the table of CONTRIBUTING.md, with the files that name them', () => {
    const [, section = ''] = read('CONTRIBUTING.md').split(/^## Versions$/m);
    const [table = ''] = section.split(/^## /m);
    const rows = [...table.matchAll(/^\| (\S.*?) +\| (\d\S*) +\| (\S.*?) +\|$/gm)];

    expect(rows.map(([, name, version, files]) => [name, version, files])).toEqual(
      pinned.map(({ name, version, files }) => [name, version, files.map((file) => `\`${file}\``).join(', ')]),
    );
  });

  it('are all that a file names for an image, a tool or a module', () => {
    const named =
      /^ +image: (?!cooco\/)\S+:v?\d|^FROM \w+:|^(?:export )?const \w*VERSION = '\d|@v\d+\.\d|npm install .*@\d/m;
    const folders = ['{stack,scripts,deploy}/**/*.*', 'test/{support,production,containers}/**/*'];
    const files = globSync(['docker-compose.yml', 'Dockerfile', '.ci/run', ...folders], { cwd: root }).filter((file) =>
      statSync(`${root}${file}`).isFile(),
    );

    expect(files).toEqual(expect.arrayContaining(['.ci/run', 'test/containers/images/directus/Dockerfile']));

    const others = files.filter((file) => {
      const patterns = pins.flatMap(({ places }) => (places[file] ? [places[file]] : []));
      return named.test(patterns.reduce((text, pattern) => text.replaceAll(pattern, ''), read(file)));
    });

    expect(others).toEqual([]);
  });

  it('begin as the line that they keep to says', () => {
    const strays = pinned.filter(({ version, line }) => !version.startsWith(line?.prefix ?? ''));

    expect(strays).toEqual([]);
  });
});

describe('npm run versions', () => {
  const pin: PinnedVersion = {
    name: 'Something',
    version: '1.2.3',
    files: ['a-file'],
    source: { registry: 'npm', name: 'something' },
  };
  const findingFor = async (changes: Partial<PinnedVersion>, offered: string[]): Promise<Finding | undefined> =>
    (await compareWithNewest([{ ...pin, ...changes }], async () => offered))[0];

  it('tells that a version is behind, and which is the newest, by number and without those that are tried out', async () => {
    expect(await findingFor({}, ['1.2.3', '1.10.0', '1.9.0', '2.0.0-beta.1'])).toEqual({
      name: 'Something',
      version: '1.2.3',
      state: 'behind',
      newest: '1.10.0',
    });
  });

  it('tells that a version is the newest', async () => {
    expect(await findingFor({}, ['1.2.3', '1.2.2'])).toMatchObject({ state: 'newest', newest: '1.2.3' });
  });

  it('looks at the line alone that a version keeps to', async () => {
    const line = { prefix: '1.2.', reason: 'long-term support' };

    expect(await findingFor({ line }, ['1.2.3', '1.3.0'])).toMatchObject({
      state: 'newest',
      note: '1.2.x: long-term support',
    });
    expect(await findingFor({ line }, ['1.2.4', '1.3.0'])).toMatchObject({ state: 'behind', newest: '1.2.4' });
  });

  it('does not ask for a version that cannot be taken, until there is a newer one', async () => {
    const refused = { version: '1.3.0', reason: 'it does not start' };

    expect(await findingFor({ refused }, ['1.3.0'])).toMatchObject({
      state: 'newest',
      note: 'not 1.3.0: it does not start',
    });
    expect(await findingFor({ refused }, ['1.3.0', '1.3.1'])).toMatchObject({ state: 'behind', newest: '1.3.1' });
  });

  it('reads the version of a Go module as that of the release', async () => {
    const prometheus = pins.find(({ name }) => name === 'Prometheus');

    expect(await findingFor({ ...prometheus, version: '3.13.0' }, ['0.313.7', '0.316.0'])).toMatchObject({
      newest: '3.13.7',
    });
  });

  it('asks PyPI where Python comes without pip, as on Debian', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'python-'));
    const { PATH, XDG_CACHE_HOME } = process.env;
    const pip = "#!/bin/sh\\necho 'Available versions: 1.2.4, 1.2.3'";
    const python = `#!/bin/sh
case "$*" in
  --version) echo Python 3.99.0 ;;
  '-m venv '*) mkdir -p "$3/bin" && printf "${pip}" >"$3/bin/python3" && chmod +x "$3/bin/python3" ;;
  *) echo '/usr/bin/python3: No module named pip' >&2; exit 1 ;;
esac
`;
    writeFileSync(path.join(folder, 'python3'), python);
    chmodSync(path.join(folder, 'python3'), 0o755);
    Object.assign(process.env, { PATH: `${folder}:${PATH}`, XDG_CACHE_HOME: folder });
    try {
      expect(await compareWithNewest([{ ...pin, source: { registry: 'PyPI', name: 'something' } }])).toMatchObject([
        { state: 'behind', newest: '1.2.4' },
      ]);
    } finally {
      Object.assign(process.env, { PATH });
      if (XDG_CACHE_HOME === undefined) delete process.env['XDG_CACHE_HOME'];
      else Object.assign(process.env, { XDG_CACHE_HOME });
      rmSync(folder, { recursive: true });
    }
  });

  it('says whom it cannot ask, and where a person looks', async () => {
    expect(await findingFor({ source: { look: 'a page' } }, [])).toMatchObject({
      state: 'not asked',
      note: 'look at a page',
    });
  });

  it('says who gave no answer, and why', async () => {
    const [finding] = await compareWithNewest([pin], async () => {
      throw new Error('the network is down');
    });

    expect(finding).toMatchObject({ state: 'not asked', failed: true, note: 'the network is down' });
  });
});
