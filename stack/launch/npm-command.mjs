import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const NPM_ARGUMENTS = [
  'ci',
  // Spelled out, for flags win over NODE_ENV, .npmrc and what an outer npm has put into the environment.
  '--include=dev',
  '--include=optional',
  '--ignore-scripts=false',
  '--dry-run=false',
  '--global=false',
  '--engine-strict=false',
  '--no-audit',
  '--no-fund',
  '--progress=false',
  '--loglevel=notice',
];

/** What an outer npm says of its own command, not of how a person has set up npm. */
const OUTER_COMMAND =
  /^npm_(lifecycle_|package_|command$|config_(omit|only|also|production|include|global|global_prefix|local_prefix|prefix|dry_run|workspaces?|include_workspace_root|package_lock_only|node_gyp|init_module)$)/i;

/**
 * How to run npm, on another Node than the one in node_modules: `npm ci` removes that folder first.
 * @param {string} root
 */
export function npmCommand(root) {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  const isNpm = npm !== undefined && path.basename(npm) === 'npm-cli.js' && existsSync(npm);
  if (isNpm && node !== undefined && !isInside(root, node)) return { command: node, args: [npm, ...NPM_ARGUMENTS] };
  return { command: 'npm', args: NPM_ARGUMENTS };
}

/**
 * The environment without traces of the npm script that this runs in. Registry, proxy, cache and the like stay.
 * @param {string} root
 */
export function npmEnvironment(root) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !OUTER_COMMAND.test(name) && name !== 'NODE_ENV' && name !== 'NODE_OPTIONS' && name !== 'INIT_CWD',
  );
  const searchPath = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => !isInside(root, folder));
  return { ...Object.fromEntries(kept), PATH: searchPath.join(path.delimiter) };
}

function isInside(root, place) {
  const below = path.relative(path.join(root, 'node_modules'), path.resolve(place));
  return !below.startsWith('..') && !path.isAbsolute(below);
}
