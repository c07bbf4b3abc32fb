import path from 'node:path';
import { execa } from 'execa';
import { environmentWith } from '../../stack/child-environment.ts';
import { findOnPath } from '../../stack/temporal/find-program.ts';

/** Far more than any build needs on two busy cores. */
const TIMEOUT_MS = 20 * 60_000;

/** Runs Go in a folder outside our modules. @returns what Go prints. @throws Error with one sentence if Go fails. */
export type RunGo = (...args: string[]) => Promise<string>;

/**
 * Prepares Go to build programs into the folder `bin` of `options.folder`.
 *
 * @param options.name what is built, for messages of errors.
 * @throws Error with one sentence if Go is not on the search path.
 */
export async function startGo(options: {
  name: string;
  folder: string;
  environment: Record<string, string | undefined>;
}): Promise<RunGo> {
  const { name, folder, environment } = options;
  if ((await findOnPath('go', environment['PATH'])) === undefined) {
    throw new Error(
      `${name} is built from source, and there is no Go on the PATH: install Go 1.25 or newer (https://go.dev/dl).`,
    );
  }
  const env = {
    // Go fetches a newer Go if a program needs one, unless the environment forbids it.
    GOTOOLCHAIN: 'auto',
    ...environmentWith(environment, ['GO', 'XDG_', 'GIT_']),
    GOBIN: path.join(folder, 'bin'),
  };
  return async (...args) => {
    const result = await execa('go', args, {
      cwd: folder,
      env,
      extendEnv: false,
      timeout: TIMEOUT_MS,
      reject: false,
      all: true,
    });
    if (!result.failed) return result.stdout;
    const reason = result.all.trim().split('\n').at(-1) || result.shortMessage;
    throw new Error(`${name} could not be built (${reason}): check Go and the network.`);
  };
}
