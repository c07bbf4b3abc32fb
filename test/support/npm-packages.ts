import { execa } from 'execa';
import { environmentWith } from '../../stack/child-environment.ts';

const INSTALL_TIMEOUT_MS = 5 * 60_000;

/**
 * Installs packages from npm into `node_modules` of a folder, without running their scripts.
 *
 * @param options.what the packages, each with its version: `name@1.2.3`.
 * @throws Error with one sentence if npm fails.
 */
export async function installFromNpm(options: {
  name: string;
  what: string[];
  folder: string;
  environment: Record<string, string | undefined>;
}): Promise<void> {
  const { name, what, folder, environment } = options;
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
  const installed = await execa('npm', ['install', '--prefix', folder, ...flags, ...what], {
    cwd: folder,
    // npm's own variables are left out: the outer npm, which runs the tests, has set them for another command.
    env: environmentWith(environment, ['NPM_CONFIG_', 'XDG_']),
    extendEnv: false,
    timeout: INSTALL_TIMEOUT_MS,
    reject: false,
    all: true,
  });
  if (!installed.failed) return;
  const reason = installed.all.trim().split('\n').at(-1) || installed.shortMessage;
  throw new Error(`${name} could not be fetched from npm (${reason}): check the network.`);
}
