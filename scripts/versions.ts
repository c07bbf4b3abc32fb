// npm run versions: tells which pinned versions are outdated, see CONTRIBUTING.md.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gt } from 'semver';
import { z } from 'zod';
import { textTable } from '../src/cli/command.ts';
import { compareWithNewest, outdatedPackages } from './newest-versions.ts';
import type { Finding } from './newest-versions.ts';
import { pinnedVersions } from './pinned-versions.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const packageSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});

/** Compares the packages of package.json, except those in `listed`, which {@link pinnedVersions} covers. */
async function comparePackages(listed: string[]): Promise<Finding[]> {
  const { dependencies, devDependencies } = packageSchema.parse(
    JSON.parse(readFileSync(`${root}package.json`, 'utf8')),
  );
  const packages = Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) => !listed.includes(name));
  try {
    const outdated = await outdatedPackages(root);
    return packages.map(([name, version]) => {
      const newest = outdated.get(name) ?? version;
      // `npm outdated` names the newest version that the project's Node can run.
      return { name, version, newest, state: gt(newest, version) ? 'behind' : 'newest' };
    });
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return packages.map(([name, version]) => ({ name, version, state: 'not asked', failed: true, note }));
  }
}

const pins = pinnedVersions();
const listed = pins.flatMap(({ source, files }) =>
  'registry' in source && files.includes('package.json') ? [source.name] : [],
);
const findings = [...(await compareWithNewest(pins)), ...(await comparePackages(listed))];

const rows = findings.map(({ name, version, newest = '', state, note = '' }) => [name, version, newest, state, note]);
process.stdout.write(`${textTable([['', 'ours', 'newest', '', ''], ...rows]).join('\n')}\n`);

const behind = findings.filter(({ state }) => state === 'behind').length;
const failed = findings.filter((finding) => finding.failed).length;
const unknown = findings.filter(({ state, failed: hasFailed }) => state === 'not asked' && !hasFailed).length;
process.stdout.write(
  `\n${behind} behind, ${unknown} for you to look up${failed > 0 ? `, ${failed} without an answer` : ''}.\n`,
);
if (behind + failed > 0) process.exitCode = 1;
