// node scripts/prune-packages.mjs <folder>: removes from <folder>/node_modules what no program of the image needs. If
// `npm sbom` has written <folder>/sbom.cdx.json, removes the packages that are gone from that file, and writes
// licences.txt beside it.
//
// Files with licences stay. test/contract/image-packages.test.ts starts every program with what is left.
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(process.argv[2] ?? '.');
const packages = path.join(folder, 'node_modules');

/** Packages that compile workflows, which the image has in compiled form, and packages of types. */
const compilers = [
  '@swc',
  '@types',
  '@webassemblyjs',
  'browserslist',
  'caniuse-lite',
  'source-map-loader',
  'swc-loader',
  'terser',
  'terser-webpack-plugin',
  'watchpack',
];
/** The files of webpack that stay. The worker imports webpack, but does not call it for compiled workflows. */
const webpackFiles = new Set(['package.json', 'LICENSE', 'lib/index.js', 'lib/util/memoize.js']);

/** Builds of a library for browsers and bundlers, and sources in Rust and TypeScript. */
const folders = [
  '@temporalio/core-bridge/bridge-macros',
  '@temporalio/core-bridge/sdk-core',
  '@temporalio/core-bridge/src',
  '@temporalio/core-bridge/ts',
  'rxjs/dist/bundles',
  'rxjs/dist/esm',
  'rxjs/dist/esm5',
  'rxjs/src',
];

const licence = /^(?:licen[cs]e|copying|copyright|notice|authors|patents|third)/i;
const unused = /\.(?:map|ts|mts|cts|tsbuildinfo|flow|md|markdown)$/i;
const unusedFolder = /^(?:tests?|__tests__|examples?|benchmarks?|\.github)$/;

for (const name of compilers) remove(path.join(packages, name));
for (const name of folders) remove(path.join(packages, name));
pruneWebpack(path.join(packages, 'webpack'));
pruneBridge(path.join(packages, '@temporalio/core-bridge'));
prune(packages);
writeInventory();

/** Removes the native libraries for other platforms. */
function pruneBridge(bridge) {
  const architecture = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
  const releases = path.join(bridge, 'releases');
  const own = readdirSync(releases).filter((name) => name === `${architecture}-unknown-linux-gnu`);
  if (own.length === 0) throw new Error(`Temporal's SDK has no library for Linux on ${process.arch}.`);
  for (const name of readdirSync(releases)) if (!own.includes(name)) remove(path.join(releases, name));
}

function pruneWebpack(webpack) {
  for (const entry of readdirSync(webpack, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !webpackFiles.has(path.relative(webpack, file))) remove(file);
  }
}

/** Removes files that Node does not read, and folders that are empty afterwards. */
function prune(place) {
  const entries = readdirSync(place, { withFileTypes: true });
  const isPackage = entries.some(({ name }) => name === 'package.json');
  // Some packages have their licence only in the README.
  const hasLicence = entries.some(({ name }) => licence.test(name));
  for (const entry of entries) {
    const file = path.join(place, entry.name);
    if (entry.isDirectory()) {
      if (isPackage && unusedFolder.test(entry.name)) remove(file);
      else prune(file);
    } else if (!licence.test(entry.name) && unused.test(entry.name)) {
      if (hasLicence || !/^readme/i.test(entry.name)) remove(file);
    }
  }
  if (readdirSync(place).length === 0) rmdirSync(place);
}

function writeInventory() {
  const file = path.join(folder, 'sbom.cdx.json');
  if (!existsSync(file)) return;
  const bill = JSON.parse(readFileSync(file, 'utf8'));
  const left = installed();
  bill.components = bill.components.filter(({ name, version }) => left.has(`${name}@${version}`));
  const known = new Set([
    bill.metadata.component['bom-ref'],
    ...bill.components.map((component) => component['bom-ref']),
  ]);
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => known.has(other)) }));
  writeFileSync(file, `${JSON.stringify(bill, undefined, 2)}\n`);
  const lines = bill.components.map(({ name, version, licenses = [] }) => {
    const names = licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name);
    return `${name} ${version}: ${names.join(', ') || 'see its folder'}`;
  });
  writeFileSync(
    path.join(folder, 'licences.txt'),
    `${[...new Set(lines)].toSorted((a, b) => a.localeCompare(b)).join('\n')}\n`,
  );
}

/** Every package that is left, as name@version. */
function installed() {
  const files = readdirSync(packages, { recursive: true }).filter((file) => path.basename(file) === 'package.json');
  return new Set(
    files.map((file) => {
      const { name, version } = JSON.parse(readFileSync(path.join(packages, file), 'utf8'));
      return `${name}@${version}`;
    }),
  );
}

function remove(file) {
  rmSync(file, { recursive: true, force: true });
}
