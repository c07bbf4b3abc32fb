import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { environmentWith } from '../../stack/child-environment.ts';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';

const VERSION = '4.32.5';
const OLDEST_PYTHON = { major: 3, minor: 10 };
const CHECK_TIMEOUT_MS = 20_000;
const INSTALL_TIMEOUT_MS = 5 * 60_000;
/** It and everything that it needs, in versions that were seen to work together. */
const requirements = fileURLToPath(new URL('schemathesis-requirements.txt', import.meta.url));

export interface Schemathesis {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/**
 * Finds Schemathesis, which makes requests from an OpenAPI document, or gets it from PyPI into the tool cache.
 *
 * @throws Error with one sentence if there is none to be had.
 */
export async function findSchemathesis(environment: Record<string, string | undefined>): Promise<Schemathesis> {
  const python = await findPython(environment);
  // Some of its parts are compiled for one version of Python.
  const folder = await cacheTool(`schemathesis-${VERSION}-python-${python.version}`, (unfinished) =>
    install(unfinished, environment),
  );
  return {
    command: 'python3',
    args: ['-m', 'schemathesis.cli'],
    env: { ...environmentWith(environment, []), PYTHONPATH: path.join(folder, 'lib') },
  };
}

async function findPython(environment: Record<string, string | undefined>): Promise<{ version: string }> {
  const { stdout, failed } = await execa('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
    env: environmentWith(environment, []),
    extendEnv: false,
    timeout: CHECK_TIMEOUT_MS,
    reject: false,
  });
  const [major = 0, minor = 0] = failed ? [] : stdout.trim().split('.').map(Number);
  if (major < OLDEST_PYTHON.major || (major === OLDEST_PYTHON.major && minor < OLDEST_PYTHON.minor)) {
    const found = failed ? 'there is none on the PATH' : `this is ${stdout.trim()}`;
    throw new Error(
      `Schemathesis needs Python ${OLDEST_PYTHON.major}.${OLDEST_PYTHON.minor} or newer with venv, and ${found}: install python3 and python3-venv.`,
    );
  }
  return { version: stdout.trim() };
}

/** Into a plain folder: a virtual environment names its own place and can't be moved, but it brings pip. */
async function install(folder: string, environment: Record<string, string | undefined>): Promise<void> {
  const virtual = path.join(folder, 'venv');
  const options = {
    env: environmentWith(environment, ['PIP_', 'UV_', 'XDG_']),
    extendEnv: false,
    timeout: INSTALL_TIMEOUT_MS,
    reject: false,
    all: true,
  } as const;
  const made = await execa('python3', ['-m', 'venv', virtual], options);
  if (made.failed) {
    throw new Error(`Schemathesis needs Python's venv, which does not work (${lastLine(made)}): install python3-venv.`);
  }
  const target = path.join(folder, 'lib');
  const installed = await execa(
    path.join(virtual, 'bin', 'python3'),
    [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--target',
      target,
      '--requirement',
      requirements,
    ],
    options,
  );
  if (installed.failed) {
    throw new Error(`Schemathesis could not be fetched from PyPI (${lastLine(installed)}): check the network.`);
  }
  await rm(virtual, { recursive: true });
}

function lastLine({ all, shortMessage }: { all: string; shortMessage?: string | undefined }): string {
  return all.trim().split('\n').at(-1) || shortMessage || 'no reason given';
}
