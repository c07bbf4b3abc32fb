import { readFileSync } from 'node:fs';
import { cp, mkdir, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { makeImagePackages } from '../support/image-packages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The working directory of all stages. */
const WORKDIR = '/app/';
/** What a stage gets from `npm ci`. Here the repository's own packages take its place. */
const PACKAGES = 'node_modules';
/** Lists of the packages, which no program reads. */
const inventory = new Set(['sbom.cdx.json', 'licences.txt']);

/**
 * Makes what the Dockerfile puts into `/app`, only from files that `.dockerignore` lets through and `COPY` names. So a
 * file that is missing in the image is missing here, too.
 */
export async function buildApp(app: string): Promise<string> {
  const stages = readStages();
  const build = `${app}-build`;
  await copyInto(build, stageNamed(stages, 'build'), {});
  await symlink(path.join(root, PACKAGES), path.join(build, PACKAGES));
  for (const { args } of stageNamed(stages, 'build').filter(({ name }) => name === 'RUN')) {
    const [program, ...rest] = args;
    // The other instructions are `npm ci`.
    if (program === 'node') await execa(process.execPath, rest, { cwd: build });
  }
  await copyInto(app, lastOf(stages), { build });
  return app;
}

/** The variables that the Dockerfile sets in its last stage, built with the arguments of the compose file. */
export function imageEnvironment({ args: given }: { args: Record<string, string> }): Record<string, string> {
  const stage = lastOf(readStages());
  const assignments = (wanted: string) =>
    stage
      .filter(({ name }) => name === wanted)
      .flatMap(({ args }) => args.map((arg) => /^(\w+)=(.*)$/.exec(arg)))
      .flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const]));
  const known: Record<string, string> = { ...Object.fromEntries(assignments('ARG')), ...given };
  return Object.fromEntries(
    assignments('ENV').map(([name, value]) => [
      name,
      value.replaceAll(/\$(\w+)/g, (_, arg: string) => known[arg] ?? ''),
    ]),
  );
}

interface Instruction {
  name: string;
  args: string[];
}

interface Stage {
  /** Empty for a stage without a name. */
  name: string;
  instructions: Instruction[];
}

function readStages(): Stage[] {
  const lines = readFileSync(path.join(root, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: Stage[] = [];
  for (const line of lines) {
    const [name = '', ...args] = line.trim().split(/\s+/);
    if (name === 'FROM') stages.push({ name: args[2] ?? '', instructions: [] });
    else stages.at(-1)?.instructions.push({ name, args });
  }
  return stages;
}

function stageNamed(stages: Stage[], wanted: string): Instruction[] {
  const found = stages.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`The Dockerfile has no stage ${wanted}.`);
  return found.instructions;
}

function lastOf(stages: Stage[]): Instruction[] {
  return stages.at(-1)?.instructions ?? [];
}

/** Carries out the `COPY` instructions of a stage. @param others the folders of other stages, by their names. */
async function copyInto(folder: string, stage: Instruction[], others: Record<string, string>): Promise<void> {
  await mkdir(folder);
  const isInContext = readIgnored();
  for (const { args } of stage.filter(({ name }) => name === 'COPY')) {
    const from = args.find((arg) => arg.startsWith('--from='))?.slice('--from='.length);
    const names = args.filter((arg) => !arg.startsWith('--'));
    const target = path.join(folder, names.at(-1) ?? '');
    for (const source of names.slice(0, -1)) {
      if (from === undefined) {
        if (!isInContext(source)) throw new Error(`The Dockerfile copies ${source}, and .dockerignore holds it back.`);
        const file = path.join(root, source);
        const isFolder = (await stat(file)).isDirectory();
        const filter = (name: string) => name === file || isInContext(path.relative(root, name));
        // As COPY does: copies the contents of a folder, and copies a file into the target if that ends with a slash.
        await cp(file, !isFolder && target.endsWith('/') ? path.join(target, path.basename(source)) : target, {
          recursive: true,
          filter,
        });
      } else if (source === WORKDIR + PACKAGES) {
        await makeImagePackages(folder);
      } else if (!inventory.has(path.relative(WORKDIR, source))) {
        const made = others[from];
        if (made === undefined)
          throw new Error(`Nothing here makes the stage ${from}, from which ${source} is copied.`);
        await cp(path.join(made, path.relative(WORKDIR, source)), target, { recursive: true });
      }
    }
  }
}

/** Whether `.dockerignore` lets a path through. The last rule that names the path, or a folder above it, counts. */
function readIgnored(): (file: string) => boolean {
  const rules = readFileSync(path.join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isLetThrough: line.startsWith('!'), pattern: line.replace(/^!/, '') }));
  const unknown = rules.find(({ pattern }) => pattern !== '*' && /[*?[\\]/.test(pattern));
  if (unknown) throw new Error(`Nothing here knows the pattern ${unknown.pattern} of .dockerignore.`);
  return (file) =>
    rules.findLast(({ pattern }) => pattern === '*' || file === pattern || file.startsWith(`${pattern}/`))
      ?.isLetThrough ?? true;
}
