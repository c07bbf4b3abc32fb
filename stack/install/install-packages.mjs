import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFolder } from '../process-lock.mjs';
import { pidOf } from '../process-identity.mjs';
import { installFailureSentence } from './install-failure.mjs';

const POLL_MS = 300;
/** A terminal gets one line that changes; a log file gets few lines. */
const PROGRESS_INTERVAL_MS = process.stdout.isTTY ? 500 : 10_000;
const EXCERPT_LINES = 10;
/** The exit code that a shell reports after a Ctrl-C. */
const INTERRUPTED = 130;

// All of these are flags, because flags override NODE_ENV, .npmrc and the variables that an outer npm has set.
const NPM_CI =
  'ci --include=dev --include=optional --ignore-scripts=false --dry-run=false --global=false --engine-strict=false --no-audit --no-fund --progress=false --loglevel=notice';

/**
 * Installs the packages of the lock file into node_modules, unless they are there already. If two processes install at
 * once, the second waits for the first.
 * @param {string} root
 * @returns {Promise<number>} exit code
 */
export async function installPackages(root) {
  if (isInstalled(root)) return 0;
  try {
    const lock = await lockFolder(path.join(root, '.stack', 'installing'), waitingFor());
    try {
      return isInstalled(root) ? 0 : await install(root, lock);
    } finally {
      lock.release();
    }
  } catch (error) {
    complain(`${String(error)}\n\n${installFailureSentence(String(error))}`);
    return 1;
  }
}

/**
 * Whether node_modules has the packages of the lock file, by npm's record there. npm writes this record after the last
 * install script. One such script brings the Node that all npm scripts run on. npm may have been told to skip install
 * scripts, so that Node is checked, too.
 * @param {string} root
 */
export function isInstalled(root) {
  const record = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(path.join(root, 'node_modules', '.bin', 'node')) || !existsSync(record)) return false;
  const present = packagesIn(record);
  return neededPackages(root).every(([place, { version }]) => present[place]?.version === version);
}

/** All packages but the optional ones, which are for some systems only. */
function neededPackages(root) {
  const packages = Object.entries(packagesIn(path.join(root, 'package-lock.json')));
  return packages.filter(([place, { optional }]) => place !== '' && !optional);
}

function packagesIn(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

function waitingFor() {
  let told = false;
  return async (holder) => {
    if (!told) say(`Another start (process ${pidOf(holder)}) is installing the packages: waiting for it.\n`);
    told = true;
    await delay(POLL_MS);
  };
}

async function install(root, lock) {
  const logFile = path.join(root, '.stack', 'logs', 'install.log');
  const shownLog = path.relative(process.cwd(), logFile);
  mkdirSync(path.dirname(logFile), { recursive: true });
  const files = neededPackages(root).map(([place]) => path.join(root, place, 'package.json'));
  say(`Installing ${files.length} packages: once, for a minute or two (npm's own output goes to ${shownLog}).\n`);
  const startedAt = Date.now();
  const show = (text, end) =>
    say(`${process.stdout.isTTY ? '\r\u001B[2K' : ''}  ${text} ${Math.round((Date.now() - startedAt) / 1000)} s${end}`);
  const timer = setInterval(() => {
    const present = files.filter((file) => existsSync(file)).length;
    show(`${present} of ${files.length} packages,`, process.stdout.isTTY ? '' : '\n');
  }, PROGRESS_INTERVAL_MS);
  const { code, isStopped } = await runNpm(root, logFile, lock).finally(() => clearInterval(timer));
  const isDone = code === 0 && isInstalled(root);
  show(isDone ? `${files.length} packages,` : isStopped ? 'stopped after' : 'failed after', '\n');
  if (isDone) return 0;
  const output = readFileSync(logFile, 'utf8');
  complain(
    isStopped
      ? 'The installation was stopped. The next start does it again.'
      : `${excerpt(output)}\n\n${installFailureSentence(output)} All of npm's output: ${shownLog}`,
  );
  return isStopped ? INTERRUPTED : 1;
}

/** `isStopped` says whether a signal to this process stopped npm. */
async function runNpm(root, logFile, lock) {
  const log = openSync(logFile, 'w');
  // npm must not run on the Node in node_modules, because `npm ci` first removes that folder.
  const isOutside = (folder) => !path.resolve(folder).startsWith(path.join(root, 'node_modules'));
  const PATH = (process.env.PATH ?? '').split(path.delimiter).filter(isOutside).join(path.delimiter);
  const { NODE_OPTIONS: _, ...env } = { ...process.env, PATH };
  const npm = spawn('npm', NPM_CI.split(' '), { cwd: root, env, stdio: ['ignore', log, log] });
  closeSync(log);
  if (npm.pid !== undefined) lock.addHolder(npm.pid);
  let isStopped = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      isStopped = true;
      npm.kill(signal);
    });
  }
  const [code] = await once(npm, 'exit');
  return { code, isStopped };
}

/** The first lines with an error: npm prints what is wrong first and its general usage last. */
function excerpt(output) {
  const lines = output.trimEnd().split('\n');
  const errors = lines.filter((line) => line.startsWith('npm error'));
  return (errors.length > 0 ? errors.slice(0, EXCERPT_LINES) : lines.slice(-EXCERPT_LINES)).join('\n');
}

function say(text) {
  process.stdout.write(text);
}

function complain(text) {
  process.stderr.write(`${text}\n`);
}
