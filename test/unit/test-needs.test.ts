import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { needs } from '../needs/needs.ts';
import type { Need } from '../needs/needs.ts';
import { needsOf, prepareTests } from '../needs/prepare-tests.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const allTests = globSync('test/**/*.test.ts', { cwd: root });
const namesFor = (...files: string[]) =>
  needsOf({ root, testFiles: files.map((file) => path.join(root, file)), needs }).map(({ name }) => name);

describe('what a test file needs', () => {
  it('is nothing for the tests of pure functions', () => {
    expect(namesFor('test/unit/checkout-rules.test.ts', 'test/unit/test-needs.test.ts')).toEqual([]);
  });

  it('is what it imports, itself or through others', () => {
    expect(namesFor('test/contract/alerts.test.ts')).toEqual(['Prometheus']);
    expect(namesFor('test/browser/support-work.test.ts')).toEqual(['Temporal CLI', 'Chromium']);
    expect(namesFor('test/contract/doctor-ridendine.test.ts')).toEqual(['Certificates']);
  });

  it.each(needs.map(({ name, module }) => [name, module]))('is known for %s', (_, module) => {
    expect(existsSync(path.join(root, module))).toBe(true);
    const needing = allTests.filter(
      (file) =>
        needsOf({ root, testFiles: [path.join(root, file)], needs: needs.filter((need) => need.module === module) })
          .length > 0,
    );
    expect(needing).not.toEqual([]);
  });
});

describe('before the first test', () => {
  const said: string[] = [];
  const progress = { say: (line: string) => void said.push(line) };
  const { PATH } = process.env;
  const prepare = (given: Need[], install = async () => false) => prepareTests({ needs: given, progress, install });
  afterEach(() => {
    process.env['PATH'] = PATH;
    said.length = 0;
  });

  it('all programs that are missing are named in one list, and nothing is built', async () => {
    process.env['PATH'] = '/nowhere';
    const built: string[] = [];
    const building = async () => {
      built.push('something');
      return undefined;
    };

    const preparing = prepare([need({ programs: ['go', 'psql'], get: building }), need({ programs: ['java', 'go'] })]);

    await expect(preparing).rejects.toThrow(
      [
        'No test was run. Missing, and could not be installed:',
        '  - Go 1.25 or newer (https://go.dev/dl), first on the PATH',
        '  - psql, 14 or newer, the client of PostgreSQL',
        '  - a Java runtime, 17 or newer\n',
      ].join('\n'),
    );
    expect(built).toEqual([]);
  });

  it('missing programs are installed by the package manager where it may, each once', async () => {
    process.env['PATH'] = '/nowhere';
    const asked: string[][] = [];

    await prepareTests({
      needs: [
        need({ programs: ['openssl'] }),
        need({ programs: ['openssl'], toGet: ['mvn'], get: notInCacheAtFirst() }),
      ],
      progress,
      install: async (packages) => {
        asked.push(packages);
        process.env['PATH'] = PATH;
        return true;
      },
    });

    expect(asked).toEqual([['openssl', 'maven']]);
  });

  it('a program that only gets a tool is not asked for when the tool is in the cache', async () => {
    process.env['PATH'] = '/nowhere';

    await expect(prepare([need({ toGet: ['go'], get: async () => ({ TOOL: '/cache/tool' }) })])).resolves.toEqual({
      TOOL: '/cache/tool',
    });
    await expect(prepare([need({ toGet: ['go'], get: notInCache })])).rejects.toThrow('Go 1.25 or newer');
  });

  it('all tools that cannot be got are named in one list', async () => {
    const failing = (message: string) => need({ get: () => Promise.reject(new Error(message)) });

    await expect(prepare([failing('One says why.'), need({}), failing('Another, too.')])).rejects.toThrow(
      'No test was run. Missing, and could not be installed:\n  - One says why.\n  - Another, too.\n',
    );
  });

  it('what takes long is said before and after, and nothing of what is there', async () => {
    const slow = need({
      name: 'Slow',
      get: async (_, doing) => {
        doing('building it');
        return undefined;
      },
    });

    await prepare([slow, need({ name: 'There', get: async () => undefined })]);

    expect(said).toEqual(['… Slow: building it', expect.stringMatching(/^✓ Slow: \d+\.\d s$/)]);
  });
});

const need = (fields: Partial<Need>): Need => ({ name: 'a tool', module: 'test/support/builders.ts', ...fields });

async function notInCache(): Promise<never> {
  throw new Error('It is not in the cache.');
}

function notInCacheAtFirst(): NonNullable<Need['get']> {
  let calls = 0;
  return async () => {
    calls += 1;
    return calls === 1 ? await notInCache() : undefined;
  };
}
