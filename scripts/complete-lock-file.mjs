/**
 * Adds the optional packages for other platforms to package-lock.json. A registry that serves only this platform's
 * packages leaves them out. Without their entries `npm ci` refuses the lock file, on every machine.
 *
 * `npm run lock` runs this script. Run it after each change of dependencies. It uses npm 10, which asks for more
 * entries than npm 11. The added entries have no checksums, because nobody has downloaded the packages; `npm install`
 * on another platform adds those of its packages. The optional argument names another folder with a lock file.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [, , project = '.'] = process.argv;
const file = new URL(`../${project}/package-lock.json`, import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));

const systems = ['darwin', 'win32', 'linux', 'freebsd', 'android', 'openharmony', 'aix', 'sunos', 'netbsd', 'openbsd'];
/** How package names spell processors, and what Node calls them. The name arm64 must come before arm. */
const processors = { arm64: 'arm64', armv7: 'arm', arm: 'arm', x64: 'x64', ia32: 'ia32', ppc64: 'ppc64' };
const rareProcessors = { riscv64: 'riscv64', s390x: 's390x', loong64: 'loong64', mips64el: 'mips64el' };

for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isLocked(path, name)) continue;
    const platform = platformOf(name);
    if (!/^\d/.test(version) || platform.os === undefined) {
      throw new Error(`${name}@${version}, which ${path} may use, is not locked and is no package of one platform.`);
    }
    lock.packages[`node_modules/${name}`] = { version, ...platform, optional: true, ...(dev && { dev: true }) };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);

/** Whether Node would find an entry for `name` from the package at `path`. */
function isLocked(path, name) {
  for (let folder = path; ; folder = folder.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (lock.packages[`${folder}${folder && '/'}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

function platformOf(name) {
  const os = systems.find((system) => name.includes(system));
  const all = { ...rareProcessors, ...processors };
  const cpu = Object.keys(all).find((processor) => name.includes(processor));
  const libc = name.includes('musl') ? 'musl' : /-(gnu|glibc)/.test(name) ? 'glibc' : undefined;
  return {
    ...(os && { os: [os] }),
    ...(cpu && { cpu: [all[cpu]] }),
    ...(os === 'linux' && libc && { libc: [libc] }),
  };
}
