import { execa } from 'execa';
import { findOnPath } from '../../stack/temporal/find-program.ts';

/**
 * Installs packages with apt-get, if this needs no password: as root, or by a sudo that asks for none.
 *
 * @param say is called with a message before the installation begins, and with apt-get's last lines if it fails.
 * @returns whether the packages were installed.
 */
export async function installDebianPackages(packages: string[], say: (what: string) => void): Promise<boolean> {
  const asRoot = await rootCommand();
  if (asRoot === undefined) return false;
  say(`Installing ${packages.join(', ')} by apt-get: once, for a minute or two.`);
  const aptGet = async (...args: string[]) => {
    const [command = '', ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '--quiet', ...args];
    const { failed, all } = await execa(command, rest, { stdin: 'ignore', all: true, reject: false });
    if (failed) say(all.trim().split('\n').slice(-LAST_LINES).join('\n'));
    return !failed;
  };
  // None of the packages that the tests need starts a server when it is installed.
  return (await aptGet('update')) && (await aptGet('install', '--yes', '--no-install-recommends', ...packages));
}

const LAST_LINES = 5;

/** @returns the words that run a command as root when put before it; undefined without root rights or apt-get. */
async function rootCommand(): Promise<string[] | undefined> {
  if ((await findOnPath('apt-get', process.env['PATH'])) === undefined) return undefined;
  if (process.getuid?.() === 0) return [];
  const { failed } = await execa('sudo', ['--non-interactive', 'true'], { stdin: 'ignore', reject: false });
  return failed ? undefined : ['sudo', '--non-interactive'];
}
