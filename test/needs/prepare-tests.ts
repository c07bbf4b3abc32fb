import path from 'node:path';
import { seconds } from '../../stack/progress.ts';
import type { Progress } from '../../stack/progress.ts';
import { installDebianPackages } from './debian-packages.ts';
import { importedFiles } from './imported-files.ts';
import type { Need } from './needs.ts';
import { programs } from './programs.ts';
import type { ProgramName } from './programs.ts';

/** How often a line says that a tool is still being fetched or built. */
const STILL_AFTER_MS = 30_000;

/** Something that the tests need is missing and could not be installed. The message lists all that is missing. */
export class NotPrepared extends Error {
  override readonly name = 'NotPrepared';

  constructor(missing: string[]) {
    super(`No test was run. Missing, and could not be installed:\n${missing.map((one) => `  - ${one}\n`).join('')}`);
  }
}

/**
 * Installs everything that the tests need, before the first of them runs.
 *
 * @returns variables for the tests' environment.
 * @throws {NotPrepared}
 */
export async function prepareTests({
  needs,
  progress,
  install = (packages) => installDebianPackages(packages, (what) => progress.say(what)),
}: {
  needs: Need[];
  progress: Pick<Progress, 'say'>;
  install?: (packages: string[]) => Promise<boolean>;
}): Promise<Record<string, string>> {
  let missing = await missingPrograms(needs);
  if (missing.length > 0 && (await install(missing.flatMap((name) => programs[name].packages)))) {
    missing = await missingPrograms(needs);
  }
  if (missing.length > 0) throw new NotPrepared(missing.map((name) => programs[name].install));

  const variables: Record<string, string> = {};
  const failures: string[] = [];
  for (const need of needs) {
    try {
      Object.assign(variables, await get(need, progress));
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (failures.length > 0) throw new NotPrepared(failures);
  return variables;
}

/**
 * @param options.testFiles absolute paths.
 * @returns the needs of these test files only.
 */
export function needsOf({ root, testFiles, needs }: { root: string; testFiles: string[]; needs: Need[] }): Need[] {
  // The table of needs imports every tool. A test that reads the table does not need them.
  const table = path.join(root, 'test/needs/needs.ts');
  const reached = new Set(testFiles.flatMap((file) => [...importedFiles(file, (one) => one !== table)]));
  return needs.filter(({ module }) => reached.has(path.join(root, module)));
}

async function missingPrograms(needs: Need[]): Promise<ProgramName[]> {
  const wanted = new Set<ProgramName>();
  for (const need of needs) {
    for (const name of need.programs ?? []) wanted.add(name);
    if ((await missingOf(need.toGet ?? [])).length === 0 || (await isInCache(need))) continue;
    for (const name of need.toGet ?? []) wanted.add(name);
  }
  return await missingOf([...wanted]);
}

async function missingOf(names: ProgramName[]): Promise<ProgramName[]> {
  const missing: ProgramName[] = [];
  for (const name of names) if (!(await programs[name].isThere())) missing.push(name);
  return missing;
}

/** Fast if the programs to get the tool are missing: `get` then finds the tool in the cache, or fails. */
async function isInCache({ get: find }: Need): Promise<boolean> {
  try {
    await find?.(process.env, () => {});
    return true;
  } catch {
    return false;
  }
}

/** Gets one need, and reports its progress if it takes long. */
async function get(need: Need, progress: Pick<Progress, 'say'>): Promise<Record<string, string> | undefined> {
  const startedAt = Date.now();
  const soFar = () => seconds(Date.now() - startedAt);
  let timer: NodeJS.Timeout | undefined;
  const doing = (what: string) => {
    clearInterval(timer);
    progress.say(`… ${need.name}: ${what}`);
    timer = setInterval(() => progress.say(`… ${need.name}: ${what}, ${soFar()} so far`), STILL_AFTER_MS);
  };
  try {
    const variables = await need.get?.(process.env, doing);
    if (timer !== undefined) progress.say(`✓ ${need.name}: ${soFar()}`);
    return variables;
  } finally {
    clearInterval(timer);
  }
}
