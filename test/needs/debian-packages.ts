import { execa } from 'execa';
import { findOnPath } from '../../stack/temporal/find-program.ts';

/**
 * Installs packages where that takes no question: by apt-get, as root or by a sudo that asks for no password.
 *
 * @param say is told what is being done, before it is.
 * @returns whether it could be done.
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
  // None of the packages that are asked for here starts a server of its own.
  return (await aptGet('update')) && (await aptGet('install', '--yes', '--no-install-recommends', ...packages));
}

const LAST_LINES = 5;

/** What to put before a command so that root runs it; undefined where that can't be had, or there is no apt-get. */
async function rootCommand(): Promise<string[] | undefined> {
  if ((await findOnPath('apt-get', process.env['PATH'])) === undefined) return undefined;
  if (process.getuid?.() === 0) return [];
  const { failed } = await execa('sudo', ['--non-interactive', 'true'], { stdin: 'ignore', reject: false });
  return failed ? undefined : ['sudo', '--non-interactive'];
}
