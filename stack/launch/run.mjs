import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, InstallFailed } from './install.mjs';

/** As a shell reports a death by signal. */
const SIGNAL_EXIT_BASE = 128;
const PARENT_POLL_MS = 1000;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Installs what is missing and runs a script, if one is named.
 * @param {string[]} commandLine a script below the project's root, then its arguments
 * @returns {Promise<number>} exit code
 */
export async function run([script, ...args]) {
  try {
    await ensureInstalled({ root });
  } catch (error) {
    if (!(error instanceof InstallFailed)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  return script === undefined ? 0 : runScript(script, args);
}

/**
 * Runs a script on the project's Node with this terminal. If this process ends, the script's IPC channel is closed; if
 * the npm that runs this process ends, the script gets SIGTERM. One Ctrl-C may reach the script several times, from the
 * terminal and from here.
 */
function runScript(script, args) {
  const node = path.join(root, 'node_modules', '.bin', 'node');
  const child = spawn(node, [path.resolve(root, script), ...args], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // Node keeps what it has compiled, for this program and those that it starts: Directus starts in half the time.
    env: { NODE_COMPILE_CACHE: path.join(root, 'node_modules', '.cache', 'compiled'), ...process.env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // Without npm, the script outlives the shell that started it.
  if (process.env.npm_lifecycle_event !== undefined) onParentGone(() => child.kill('SIGTERM'));

  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(
        `${script} cannot be run on the project's Node (${error.message}): delete node_modules and run the command again.\n`,
      );
      resolve(1);
    });
    child.once('exit', (code, signal) => {
      if (signal !== null) process.stderr.write(`${script} was ended by ${signal}.\n`);
      resolve(code ?? SIGNAL_EXIT_BASE + (signal === null ? 0 : os.constants.signals[signal]));
    });
  });
}

/** The system gives an orphan another parent. */
function onParentGone(callback) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, PARENT_POLL_MS);
  timer.unref();
}
