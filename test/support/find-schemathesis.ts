import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../../stack/child-environment.ts';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { findPython, installFromPypi } from './python-packages.ts';

const VERSION = '4.32.5';
const OLDEST_PYTHON = { major: 3, minor: 10 };
/** Schemathesis and everything that it needs, in versions that work together. */
const requirements = fileURLToPath(new URL('schemathesis-requirements.txt', import.meta.url));

export interface Schemathesis {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/**
 * Finds Schemathesis, which makes requests from an OpenAPI document, or fetches it from PyPI into the tool cache.
 *
 * @param doing is called before a slow step, with a description of it.
 * @throws Error with one sentence if it cannot be found or fetched.
 */
export async function findSchemathesis(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<Schemathesis> {
  const python = await findPython({ name: 'Schemathesis', oldest: OLDEST_PYTHON, environment });
  // Some of its parts are compiled for one version of Python.
  const folder = await cacheTool(`schemathesis-${VERSION}-python-${python.version}`, async (unfinished) => {
    doing('fetching it from PyPI (once, about 20 seconds)');
    const what = ['--requirement', requirements];
    await installFromPypi({ name: 'Schemathesis', what, folder: unfinished, environment });
  });
  return {
    command: 'python3',
    args: ['-m', 'schemathesis.cli'],
    env: { ...environmentWith(environment, []), PYTHONPATH: path.join(folder, 'lib') },
  };
}
