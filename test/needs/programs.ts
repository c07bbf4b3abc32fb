import { execa } from 'execa';
import { findOnPath } from '../../stack/temporal/find-program.ts';

/** The first version of Go that fetches a newer Go if `GOTOOLCHAIN` tells it to. */
const SELF_UPDATING_GO = [1, 21];
const OLDEST_GO = [1, 25];
const OLDEST_JAVA = [17];
const OLDEST_PODMAN = [4, 3];
const OLDEST_PYTHON = [3, 11];
const OLDEST_PSQL = [14];
const CHECK_TIMEOUT_MS = 20_000;

/** A program that must be installed on the machine: no package registry has it. */
interface Program {
  /** What a person has to install. */
  install: string;
  /** The packages of Debian and Ubuntu that bring it. */
  packages: string[];
  isThere: () => Promise<boolean>;
}

export type ProgramName =
  'podman' | 'debootstrap' | 'go' | 'java' | 'mvn' | 'python3' | 'venv' | 'psql' | 'openssl' | 'chromium';

export const programs: Record<ProgramName, Program> = {
  go: {
    install: 'Go 1.25 or newer (https://go.dev/dl), first on the PATH',
    packages: ['golang-go'],
    isThere: () => hasNewEnoughGo(),
  },
  podman: {
    install: 'podman, 4.3 or newer, with runc, netavark, aardvark-dns and catatonit (or Docker with its Compose)',
    packages: ['podman', 'runc', 'netavark', 'aardvark-dns', 'catatonit', 'iptables'],
    isThere: async () =>
      (await hasVersion('podman', ['--version'], OLDEST_PODMAN)) &&
      (await isOnPath('runc')) &&
      (await isOnPath('catatonit')),
  },
  debootstrap: { install: 'debootstrap', packages: ['debootstrap'], isThere: () => isOnPath('debootstrap') },
  java: {
    install: 'a Java runtime, 17 or newer',
    packages: ['default-jre-headless'],
    isThere: () => hasVersion('java', ['-version'], OLDEST_JAVA),
  },
  mvn: { install: 'Maven', packages: ['maven'], isThere: () => isOnPath('mvn') },
  python3: {
    install: 'Python 3.11 or newer',
    packages: ['python3'],
    isThere: () => hasVersion('python3', ['--version'], OLDEST_PYTHON),
  },
  venv: {
    install: "Python's venv",
    packages: ['python3-venv'],
    // Debian's python3 comes without ensurepip, which venv needs.
    isThere: async () => (await output('python3', ['-c', 'import ensurepip, venv; print("there")'])) === 'there',
  },
  psql: {
    install: 'psql, 14 or newer, the client of PostgreSQL',
    packages: ['postgresql-client'],
    isThere: () => hasVersion('psql', ['--version'], OLDEST_PSQL),
  },
  openssl: { install: 'openssl', packages: ['openssl'], isThere: () => isOnPath('openssl') },
  chromium: {
    install: 'Chromium or Chrome (or set CHROMIUM_PATH)',
    packages: ['chromium'],
    isThere: async () =>
      Boolean(process.env['CHROMIUM_PATH']) || (await isOnPath('chromium')) || (await isOnPath('google-chrome')),
  },
};

async function isOnPath(program: string): Promise<boolean> {
  return (await findOnPath(program, process.env['PATH'])) !== undefined;
}

async function hasVersion(program: string, args: string[], oldest: number[]): Promise<boolean> {
  const found = /(\d+)(?:\.(\d+))?/.exec((await output(program, args)) ?? '');
  return found !== null && isAtLeast([Number(found[1]), Number(found[2] ?? 0)], oldest);
}

async function hasNewEnoughGo(): Promise<boolean> {
  const found = /^go(\d+)\.(\d+)/.exec((await output('go', ['env', 'GOVERSION'])) ?? '');
  if (found === null) return false;
  const version = [Number(found[1]), Number(found[2])];
  if (isAtLeast(version, OLDEST_GO)) return true;
  if (!isAtLeast(version, SELF_UPDATING_GO)) return false;
  process.env['GOTOOLCHAIN'] = 'auto';
  return true;
}

function isAtLeast(version: number[], [oldestMajor = 0, oldestMinor = 0]: number[]): boolean {
  const [major = 0, minor = 0] = version;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** @returns what the program prints; undefined if it fails. */
async function output(program: string, args: string[]): Promise<string | undefined> {
  const { failed, all } = await execa(program, args, { reject: false, all: true, timeout: CHECK_TIMEOUT_MS });
  return failed ? undefined : all.trim();
}
