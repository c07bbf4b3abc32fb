import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../../stack/child-environment.ts';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { installLockedPackages } from './locked-packages.ts';
import { findPython, installFromPypi } from './python-packages.ts';

const GENERATOR_VERSION = '0.29.1';
const OLDEST_PYTHON = { major: 3, minor: 11 };
/** openapi-python-client, mypy and everything that they need, in versions that work together. */
const requirements = fileURLToPath(new URL('openapi-python-client-requirements.txt', import.meta.url));

/** Fetches the linters and generators from npm the first time (about 100 MB). @returns their folder `node_modules`. */
export function findOpenApiTools(): Promise<string> {
  return installLockedPackages({
    name: 'openapi-tools',
    folder: fileURLToPath(new URL('../openapi-tools', import.meta.url)),
    notice: 'Installing the linters and generators for the OpenAPI document: once, for half a minute.',
  });
}

/**
 * Finds `openapi_python_client` and `mypy`, or fetches them from PyPI. The result also runs the clients that they make.
 *
 * @param doing is called before a slow step, with a description of it.
 * @throws Error with one sentence if they cannot be found or fetched.
 */
export async function findPythonGenerator(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<{ command: string; env: Record<string, string>; packages: string }> {
  const name = 'openapi-python-client';
  const python = await findPython({ name, oldest: OLDEST_PYTHON, environment });
  // Some of its parts are compiled for one version of Python.
  const folder = await cacheTool(`${name}-${GENERATOR_VERSION}-python-${python.version}`, async (unfinished) => {
    doing('fetching openapi-python-client from PyPI (once, about 20 seconds)');
    await installFromPypi({ name, what: ['--requirement', requirements], folder: unfinished, environment });
  });
  const packages = path.join(folder, 'lib');
  return { command: 'python3', packages, env: { ...environmentWith(environment, []), PYTHONPATH: packages } };
}
