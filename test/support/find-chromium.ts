import { findOnPath, isExecutable } from '../../stack/temporal/find-program.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * Finds a Chromium or Chrome: `CHROMIUM_PATH`, the search path.
 *
 * @returns the path of an executable.
 * @throws Error with one sentence if there is none.
 */
export async function findChromium(environment: Record<string, string | undefined>): Promise<string> {
  const told = environment['CHROMIUM_PATH'];
  if (told !== undefined && told !== '') {
    if (await isExecutable(told)) return told;
    throw new Error(`CHROMIUM_PATH is ${told}, which can't be run: mend or unset it.`);
  }
  for (const name of names) {
    const found = await findOnPath(name, environment['PATH']);
    if (found !== undefined) return found;
  }
  throw new Error(
    'The browser tests need Chromium or Chrome, and there is none on the PATH: install one (`apt-get install chromium`), or set CHROMIUM_PATH.',
  );
}
