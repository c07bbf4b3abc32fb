import type { Engine } from './engine.ts';
import { runEngine } from './engine.ts';

/** A process in a container, as `/proc` tells of it. */
export interface ContainerProcess {
  name: string;
  uid: number;
  /** The capabilities that it has, and those that it could get: a bit for each. */
  effective: bigint;
  bounding: bigint;
  hasNoNewPrivileges: boolean;
}

export interface Confinement {
  processes: ContainerProcess[];
  isRootReadOnly: boolean;
  /** Files where podman lets a container write though its root is read-only. Docker does not. */
  strayFiles: string[];
}

/** Reads what the kernel knows, with a shell of the container's own, which is left out. */
const script = `
for status in /proc/[0-9]*/status; do
  [ "$status" = "/proc/$$/status" ] && continue
  grep -E '^(Name|Uid|CapEff|CapBnd|NoNewPrivs|PPid):' "$status" 2>/dev/null && echo end
done
echo mounts
cat /proc/mounts
echo files
find /run/ /var/tmp/ -type f 2>/dev/null || true`;

/** Podman's own, and Debian's. */
const NOT_WRITTEN = new Set(['/run/.containerenv', '/run/podman-init', '/run/adduser']);

export async function confinementOf(engine: Engine, container: string): Promise<Confinement> {
  return readConfinement(await runEngine(engine, 'exec', container, 'sh', '-c', script));
}

/** @throws Error if it is not what the script prints. */
function readConfinement(output: string): Confinement {
  const [statuses = '', rest = ''] = output.split(/^mounts$/m);
  const [mounts = '', files = ''] = rest.split(/^files$/m);
  const processes = statuses
    .split(/^end$/m)
    .filter((status) => status.trim() !== '')
    .map((status) => {
      const field = (name: string) => {
        const found = new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
        if (found === undefined) throw new Error(`/proc tells no ${name}: ${status}`);
        return found;
      };
      return {
        name: field('Name'),
        uid: Number(field('Uid')),
        effective: BigInt(`0x${field('CapEff')}`),
        bounding: BigInt(`0x${field('CapBnd')}`),
        hasNoNewPrivileges: field('NoNewPrivs') === '1',
      };
    })
    // What the script itself started.
    .filter(({ name }) => name !== 'grep');
  const root = /^\S+ \/ \S+ (\S+)/m.exec(mounts)?.[1];
  if (root === undefined || processes.length === 0) throw new Error(`/proc tells too little: ${output}`);
  return {
    processes,
    isRootReadOnly: root.split(',').includes('ro'),
    strayFiles: files.split('\n').filter((file) => file !== '' && !NOT_WRITTEN.has(file)),
  };
}

/** The bits of capabilities in the kernel, as far as the compose file names them. */
const capabilityBits: Record<string, number> = { CHOWN: 0, DAC_OVERRIDE: 1, FOWNER: 3, SETGID: 6, SETUID: 7 };

export function capabilityMask(names: string[]): bigint {
  return names.reduce((mask, name) => {
    const bit = capabilityBits[name];
    if (bit === undefined) throw new Error(`Nothing here knows the capability ${name}.`);
    return mask | (1n << BigInt(bit));
  }, 0n);
}
