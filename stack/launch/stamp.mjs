import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** The fields of package.json that decide what gets installed; a new script is no reason to install again. */
const INSTALL_FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides', 'allowScripts'];

const stampFile = (root) => path.join(root, 'node_modules', '.install-stamp');

/**
 * Names one exact content of node_modules: lock file, what package.json asks for, and the platform it is built for.
 * @param {string} root
 */
export function wantedStamp(root) {
  const manifest = readJson(path.join(root, 'package.json'));
  const hash = createHash('sha256');
  hash.update(readFileSync(path.join(root, 'package-lock.json')));
  hash.update(JSON.stringify(INSTALL_FIELDS.map((field) => manifest[field] ?? null)));
  hash.update(`${process.platform}-${process.arch}`);
  return hash.digest('hex');
}

/**
 * Whether node_modules is complete and of today's lock file, be it by this launcher or by a person's `npm ci`.
 * @param {string} root
 */
export function isInstalled(root) {
  if (!hasProjectNode(root)) return false;
  if (existsSync(stampFile(root))) return readFileSync(stampFile(root), 'utf8') === wantedStamp(root);
  return npmRecordsTheSame(root);
}

/**
 * The Node that every script runs on: it comes by a package whose install script npm may have been told to skip.
 * @param {string} root
 */
export function hasProjectNode(root) {
  return existsSync(path.join(root, 'node_modules', '.bin', 'node'));
}

/**
 * Only after everything is in place: a broken-off installation has no stamp.
 * @param {string} root
 */
export function writeStamp(root) {
  writeFileSync(stampFile(root), wantedStamp(root));
}

/**
 * The packages that every machine gets, as paths below the root: by them one sees how far an installation has come.
 * Optional ones are for some platforms only.
 * @param {string} root
 * @returns {string[]}
 */
export function packagesOfEveryMachine(root) {
  return Object.entries(readJson(path.join(root, 'package-lock.json')).packages)
    .filter(([place, entry]) => place !== '' && !entry.link && !entry.optional)
    .map(([place]) => place);
}

/** npm writes this record last, after all packages and their install scripts. */
function npmRecordsTheSame(root) {
  const record = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = readJson(path.join(root, 'package-lock.json')).packages;
  const present = readJson(record).packages;
  return Object.entries(wanted).every(
    ([place, entry]) => place === '' || entry.optional === true || present[place]?.version === entry.version,
  );
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
