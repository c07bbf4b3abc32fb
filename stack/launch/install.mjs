import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { claim, ClaimHeld } from './claim.mjs';
import { installFailureSentence } from './install-failure.mjs';
import { followInstallation } from './install-progress.mjs';
import { npmCommand, npmEnvironment } from './npm-command.mjs';
import { hasProjectNode, isInstalled, packagesOfEveryMachine, writeStamp } from './stamp.mjs';

/** Longer than any installation takes: who waits for another launcher gives up after it. */
const OTHER_INSTALLATION_MS = 20 * 60_000;
const EXCERPT_LINES = 10;

/** The installation did not come about; the message is all that a person needs. */
export class InstallFailed extends Error {
  /** @param {string} message @param {number} exitCode */
  constructor(message, exitCode = 1) {
    super(message);
    this.name = 'InstallFailed';
    this.exitCode = exitCode;
  }
}

/**
 * Brings node_modules to what the lock file says, unless it is there already. Two at once: the second waits for the
 * first and finds everything done.
 * @param {{ root: string }} options
 * @throws {InstallFailed}
 */
export async function ensureInstalled({ root }) {
  if (isInstalled(root)) return;
  const held = await claimInstallation(root);
  try {
    if (!isInstalled(root)) await install(root, held);
  } finally {
    held.release();
  }
}

async function claimInstallation(root) {
  let told = false;
  const waitsFor = ({ pid }) => {
    if (!told) process.stdout.write(`Another start (process ${pid}) is installing the packages: waiting for it.\n`);
    told = true;
    return true;
  };
  try {
    return await claim({ folder: path.join(root, '.stack', 'installing'), waitsFor, timeoutMs: OTHER_INSTALLATION_MS });
  } catch (error) {
    if (error instanceof ClaimHeld) {
      throw new InstallFailed(
        `Process ${error.holder.pid} has been installing the packages for too long: end it and run the command again.`,
      );
    }
    throw new InstallFailed(installFailureSentence({ output: String(error) }));
  }
}

async function install(root, held) {
  const logFile = path.join(root, '.stack', 'logs', 'install.log');
  mkdirSync(path.dirname(logFile), { recursive: true });
  writeFileSync(logFile, '');
  const packages = packagesOfEveryMachine(root);
  const shownLog = path.relative(process.cwd(), logFile);
  process.stdout.write(
    `Installing ${packages.length} packages: once, for a minute or two (npm's own output goes to ${shownLog}).\n`,
  );
  const progress = followInstallation({ root, packages });
  const result = await runNpm({ root, logFile, onPid: held.addHelper });
  if (result.signal !== undefined) {
    progress.end('stopped');
    throw new InstallFailed('The installation was stopped. The next start does it again.', 130);
  }
  if (result.exitCode !== 0 || !hasProjectNode(root)) {
    progress.end('failed');
    const output = readFileSync(logFile, 'utf8');
    throw new InstallFailed(
      `${excerpt(output)}\n\n${installFailureSentence({ output })} All of npm's output: ${shownLog}`,
    );
  }
  writeStamp(root);
  progress.end('done');
}

/** npm says what is wrong first and how it is used in general last. */
function excerpt(output) {
  const lines = output.trimEnd().split('\n');
  const errors = lines.filter((line) => line.startsWith('npm error'));
  return (errors.length > 0 ? errors.slice(0, EXCERPT_LINES) : lines.slice(-EXCERPT_LINES)).join('\n');
}

/** @returns {Promise<{ exitCode: number, signal?: string }>} `signal`: the one that asked this launcher to stop */
function runNpm({ root, logFile, onPid }) {
  return new Promise((resolve) => {
    const log = createWriteStream(logFile);
    const { command, args } = npmCommand(root);
    const npm = spawn(command, args, {
      cwd: root,
      env: npmEnvironment(root),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (npm.pid !== undefined) onPid(npm.pid);
    npm.stdout.pipe(log, { end: false });
    npm.stderr.pipe(log, { end: false });

    let signal;
    const stop = (received) => {
      signal = received;
      npm.kill(received);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const name of signals) process.on(name, stop);
    const finish = (exitCode, lastWord = '') => {
      for (const name of signals) process.off(name, stop);
      log.end(lastWord, () => resolve({ exitCode, signal }));
    };
    npm.once('error', (error) => finish(1, `${error.message}\n`));
    npm.once('close', (code) => finish(code ?? 1));
  });
}
