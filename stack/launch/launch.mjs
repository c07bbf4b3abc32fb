import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, InstallFailed } from './install.mjs';
import { runScript } from './run-script.mjs';

const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Installs what is missing and runs a script, if one is named.
 * @param {string[]} commandLine a script below the project's root, then its arguments
 * @returns {Promise<number>} exit code
 */
export async function launch(commandLine) {
  try {
    await ensureInstalled({ root: projectRoot });
  } catch (error) {
    if (!(error instanceof InstallFailed)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  const [script, ...args] = commandLine;
  if (script === undefined) return 0;
  return runScript({ root: projectRoot, script, args });
}
