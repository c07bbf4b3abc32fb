import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { installFailureSentence } from './install-failure.mjs';
import { lockInstallation } from './install-lock.mjs';

/** A terminal gets one line that changes; a log file gets few lines. */
const TERMINAL_INTERVAL_MS = 500;
const LOG_INTERVAL_MS = 10_000;
const EXCERPT_LINES = 10;

// Spelled out, for flags win over NODE_ENV, .npmrc and what an outer npm has put into the environment.
const NPM_CI =
  'ci --include=dev --include=optional --ignore-scripts=false --dry-run=false --global=false --engine-strict=false --no-audit --no-fund --progress=false --loglevel=notice';

/** Variables of an outer npm about its own command. What a person has set for npm stays. */
const OUTER_COMMAND =
  /^(NODE_ENV|NODE_OPTIONS|INIT_CWD|npm_(lifecycle_.*|package_.*|command|config_(omit|only|also|production|include|global|global_prefix|local_prefix|prefix|dry_run|workspaces?|include_workspace_root|package_lock_only|node_gyp|init_module)))$/i;

/** Nothing was installed; the message is all that a person needs. */
export class InstallFailed extends Error {
  /** @param {string} message @param {number} exitCode */
  constructor(message, exitCode = 1) {
    super(message);
    this.name = 'InstallFailed';
    this.exitCode = exitCode;
  }
}

/**
 * Brings node_modules to what the lock file says, unless it is there already. Of two at once, the second waits for the
 * first.
 * @param {{ root: string }} options
 * @throws {InstallFailed}
 */
export async function ensureInstalled({ root }) {
  if (isInstalled(root)) return;
  let lock;
  try {
    lock = await lockInstallation(path.join(root, '.stack'));
  } catch (error) {
    throw new InstallFailed(installFailureSentence(String(error)));
  }
  try {
    if (!isInstalled(root)) await install(root, lock);
  } finally {
    lock.release();
  }
}

/**
 * Whether node_modules is what the lock file says: npm records there what it has installed, after the last install script.
 * @param {string} root
 */
export function isInstalled(root) {
  const record = path.join(root, 'node_modules', '.package-lock.json');
  if (!hasProjectNode(root) || !existsSync(record)) return false;
  const present = packagesIn(record);
  return Object.entries(packagesIn(path.join(root, 'package-lock.json'))).every(
    ([place, entry]) => place === '' || entry.optional === true || present[place]?.version === entry.version,
  );
}

/** The Node that every script runs on: it comes by a package whose install script npm may have been told to skip. */
function hasProjectNode(root) {
  return existsSync(path.join(root, 'node_modules', '.bin', 'node'));
}

function packagesIn(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

async function install(root, lock) {
  const logFile = path.join(root, '.stack', 'logs', 'install.log');
  mkdirSync(path.dirname(logFile), { recursive: true });
  // Optional ones are for some systems only.
  const places = Object.entries(packagesIn(path.join(root, 'package-lock.json')))
    .filter(([place, entry]) => place !== '' && !entry.link && !entry.optional)
    .map(([place]) => path.join(root, place, 'package.json'));
  const shownLog = path.relative(process.cwd(), logFile);
  process.stdout.write(
    `Installing ${places.length} packages: once, for a minute or two (npm's own output goes to ${shownLog}).\n`,
  );
  const endProgress = showProgress(places);
  const { code, signal } = await runNpm({ root, logFile, lock });
  if (signal !== undefined) {
    endProgress('stopped after');
    throw new InstallFailed('The installation was stopped. The next start does it again.', 130);
  }
  if (code !== 0 || !hasProjectNode(root)) {
    endProgress('failed after');
    const output = readFileSync(logFile, 'utf8');
    throw new InstallFailed(`${excerpt(output)}\n\n${installFailureSentence(output)} All of npm's output: ${shownLog}`);
  }
  endProgress(`${places.length} packages,`);
}

/** Says how far npm has come, by the packages that are on disk. */
function showProgress(places) {
  const { stdout } = process;
  const startedAt = Date.now();
  const show = (text, end = stdout.isTTY ? '' : '\n') =>
    stdout.write(
      `${stdout.isTTY ? '\r\u001B[2K' : ''}  ${text} ${Math.round((Date.now() - startedAt) / 1000)} s${end}`,
    );
  const showStatus = () => {
    const present = places.filter((place) => existsSync(place)).length;
    if (present === 0) show('fetching,');
    else show(present === places.length ? 'running install scripts,' : `${present} of ${places.length} packages,`);
  };
  const timer = setInterval(showStatus, stdout.isTTY ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS);
  return (outcome) => {
    clearInterval(timer);
    show(outcome, '\n');
  };
}

/** @returns {Promise<{ code: number, signal?: string }>} `signal`: the one that asked this launcher to stop */
async function runNpm({ root, logFile, lock }) {
  const log = openSync(logFile, 'w');
  const { command, args } = npmCommand(root);
  const npm = spawn(command, [...args, ...NPM_CI.split(' ')], {
    cwd: root,
    env: npmEnvironment(root),
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (npm.pid !== undefined) lock.addHelper(npm.pid);
  let signal;
  const stop = (received) => {
    signal = received;
    npm.kill(received);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of signals) process.on(name, stop);
  try {
    const [code] = await once(npm, 'exit');
    return { code: code ?? 1, signal };
  } catch (error) {
    appendFileSync(logFile, `${error.message}\n`);
    return { code: 1, signal };
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}

/** npm on another Node than the one in node_modules, which `npm ci` removes first. */
function npmCommand(root) {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  const isNpm = npm !== undefined && path.basename(npm) === 'npm-cli.js' && existsSync(npm);
  if (isNpm && node !== undefined && !isInModules(root, node)) return { command: node, args: [npm] };
  return { command: 'npm', args: [] };
}

function npmEnvironment(root) {
  const kept = Object.entries(process.env).filter(([name]) => !OUTER_COMMAND.test(name));
  const searchPath = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => !isInModules(root, folder));
  return { ...Object.fromEntries(kept), PATH: searchPath.join(path.delimiter) };
}

function isInModules(root, place) {
  const below = path.relative(path.join(root, 'node_modules'), path.resolve(place));
  return !below.startsWith('..') && !path.isAbsolute(below);
}

/** npm says what is wrong first and how it is used in general last. */
function excerpt(output) {
  const lines = output.trimEnd().split('\n');
  const errors = lines.filter((line) => line.startsWith('npm error'));
  return (errors.length > 0 ? errors.slice(0, EXCERPT_LINES) : lines.slice(-EXCERPT_LINES)).join('\n');
}
