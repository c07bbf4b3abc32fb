import { rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { environmentWith } from '../../stack/child-environment.ts';

const CHECK_TIMEOUT_MS = 20_000;
const INSTALL_TIMEOUT_MS = 5 * 60_000;

type Environment = Record<string, string | undefined>;

interface PythonVersion {
  major: number;
  minor: number;
}

/** Finds Python for the program `name`. @throws Error with one sentence if there is none, or only an older one. */
export async function findPython(options: {
  name: string;
  oldest: PythonVersion;
  environment: Environment;
}): Promise<{ version: string }> {
  const { name, oldest, environment } = options;
  const { stdout, failed } = await execa('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
    env: environmentWith(environment, []),
    extendEnv: false,
    timeout: CHECK_TIMEOUT_MS,
    reject: false,
  });
  const [major = 0, minor = 0] = failed ? [] : stdout.trim().split('.').map(Number);
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    const found = failed ? 'there is none on the PATH' : `this is ${stdout.trim()}`;
    throw new Error(
      `${name} needs Python ${oldest.major}.${oldest.minor} or newer with venv, and ${found}: install python3 and python3-venv.`,
    );
  }
  return { version: stdout.trim() };
}

/**
 * Installs packages with pip into the folder `lib` of `options.folder`, and their programs into `lib/bin`. A virtual
 * environment provides pip; it contains its own path and could not be moved, so the packages do not stay in it.
 *
 * @param options.what arguments for pip: what to install.
 * @throws Error with one sentence if venv or pip fails.
 */
export async function installFromPypi(options: {
  name: string;
  what: string[];
  folder: string;
  environment: Environment;
}): Promise<void> {
  const { name, what, folder, environment } = options;
  const virtual = path.join(folder, 'venv');
  const running = {
    env: environmentWith(environment, ['PIP_', 'UV_', 'XDG_']),
    extendEnv: false,
    timeout: INSTALL_TIMEOUT_MS,
    reject: false,
    all: true,
  } as const;
  const made = await execa('python3', ['-m', 'venv', virtual], running);
  if (made.failed) {
    throw new Error(`${name} needs Python's venv, which does not work (${lastLine(made)}): install python3-venv.`);
  }
  const python = path.join(virtual, 'bin', 'python3');
  const target = path.join(folder, 'lib');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', target];
  const installed = await execa(python, [...pip, ...what], running);
  if (installed.failed) {
    throw new Error(`${name} could not be fetched from PyPI (${lastLine(installed)}): check the network.`);
  }
  await rm(virtual, { recursive: true });
}

function lastLine({ all, shortMessage }: { all: string; shortMessage?: string | undefined }): string {
  return all.trim().split('\n').at(-1) || shortMessage || 'no reason given';
}
