import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { compare, prerelease, rcompare } from 'semver';
import { z } from 'zod';
import { cacheTool } from '../stack/temporal/tool-cache.ts';
import type { PinnedVersion, Source } from './pinned-versions.ts';

/** A registry answers within seconds, but a busy machine may need many seconds to start npm or pip. */
const TIMEOUT_MS = 180_000;

/** What is known about newer versions of one pinned version. */
export interface Finding {
  name: string;
  version: string;
  state: 'newest' | 'behind' | 'not asked';
  /** The newest version that could be used. */
  newest?: string;
  /** Why no registry was asked, why a newer version does not count, or what went wrong. */
  note?: string;
  /** Set if a registry was asked and gave no usable answer. */
  failed?: true;
}

type AskAll = (source: Source) => Promise<string[]>;

/** Compares each pinned version with the versions that its registry has. */
export async function compareWithNewest(pins: PinnedVersion[], askAll: AskAll = askRegistry): Promise<Finding[]> {
  const findings: Finding[] = [];
  // One at a time, because each comparison starts a program.
  for (const pin of pins) findings.push(await compareOne(pin, askAll));
  return findings;
}

async function compareOne({ name, version, source, line, refused }: PinnedVersion, askAll: AskAll): Promise<Finding> {
  if ('look' in source) return { name, version, state: 'not asked', note: `look at ${source.look}` };
  try {
    const releases = (await askAll(source)).map((found) =>
      'releaseOf' in source && source.releaseOf ? source.releaseOf(found) : found,
    );
    const newest = newestOf(releases.filter((release) => release.startsWith(line?.prefix ?? '')));
    if (newest === undefined) throw new Error(`${source.registry} names no version`);
    const isRefused = refused !== undefined && compare(newest, refused.version) <= 0;
    const isBehind = compare(newest, version) > 0 && !isRefused;
    const note =
      isRefused && newest !== version ? `not ${newest}: ${refused.reason}` : line && `${line.prefix}x: ${line.reason}`;
    return { name, version, state: isBehind ? 'behind' : 'newest', newest, ...(note && { note }) };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return { name, version, state: 'not asked', failed: true, note };
  }
}

function newestOf(versions: string[]): string | undefined {
  return versions.filter((version) => /^\d+\.\d+\.\d+$/.test(version) && !prerelease(version)).toSorted(rcompare)[0];
}

/** @returns the versions that a registry offers, without a leading `v`. @throws Error with one sentence. */
async function askRegistry({ registry, name }: Source): Promise<string[]> {
  if (registry === 'npm') {
    return z.array(z.string()).parse(JSON.parse(await run('npm', ['view', name, 'versions', '--json'])));
  }
  if (registry === 'Go') {
    const answer = await run('go', ['list', '-m', '-versions', '-json', name]);
    const { Versions: versions = [] } = z
      .object({ Versions: z.array(z.string()).optional() })
      .parse(JSON.parse(answer));
    return versions.map((version) => version.replace(/^v/, ''));
  }
  const pip = ['-m', 'pip', '--disable-pip-version-check'];
  const answer = await run(await pythonWithPip(), [...pip, 'index', 'versions', name]);
  return (/^Available versions: (.*)$/m.exec(answer)?.[1] ?? '').split(', ');
}

/** @returns a python3 with pip. Debian's python3 has no pip, but a virtual environment has. */
async function pythonWithPip(): Promise<string> {
  const version = (await run('python3', ['--version'])).replace(' ', '-').toLowerCase();
  const folder = await cacheTool(`pip-${version}`, async (unfinished) => {
    const { failed } = await execa('python3', ['-m', 'venv', unfinished], { reject: false, timeout: TIMEOUT_MS });
    if (failed) throw new Error('python3 makes no virtual environment: install python3-venv');
  });
  return path.join(folder, 'bin', 'python3');
}

/** @returns the newest version of each outdated package of package.json, by name. @throws Error with one sentence. */
export async function outdatedPackages(root: string): Promise<Map<string, string>> {
  const { stdout, stderr } = await execa('npm', ['outdated', '--json'], {
    cwd: root,
    // Runs npm with the project's Node: npm leaves out versions that the running Node is too old for.
    preferLocal: true,
    reject: false,
    timeout: TIMEOUT_MS,
  });
  const answer: unknown = JSON.parse(stdout || '{}');
  const parsed = z.record(z.string(), z.object({ latest: z.string() })).safeParse(answer);
  if (!parsed.success) throw new Error(`npm outdated failed: ${stderr.trim().split('\n')[0] ?? ''}`);
  return new Map(Object.entries(parsed.data).map(([name, { latest }]) => [name, latest]));
}

async function run(command: string, args: string[]): Promise<string> {
  // Runs outside any Go module, so that no go.mod influences what Go answers.
  const { failed, timedOut, stdout, stderr, shortMessage } = await execa(command, args, {
    cwd: tmpdir(),
    reject: false,
    timeout: TIMEOUT_MS,
  });
  if (!failed) return stdout;
  throw new Error((!timedOut && stderr.trim().split('\n').at(-1)) || shortMessage);
}
