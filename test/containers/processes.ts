import type { Engine } from './engine.ts';
import { runEngine } from './engine.ts';

/** A process of a container's program, as `/proc` describes it. */
export interface ContainerProcess {
  pid: number;
  /** The process id of the parent, or 0 if the parent is outside of the container. */
  parent: number;
  name: string;
  uid: number;
  /** The capabilities that the process has (`effective`) and that it could get (`bounding`), one bit each. */
  effective: bigint;
  bounding: bigint;
  hasNoNewPrivileges: boolean;
}

export interface Confinement {
  processes: ContainerProcess[];
  isRootReadOnly: boolean;
  /** Files in folders to which podman, unlike Docker, lets a container write though its root is read-only. */
  strayFiles: string[];
}

/** Prints what the kernel knows about the container. Runs in the container's own shell. */
const script = `
for status in /proc/[0-9]*/status; do
  grep -E '^(Name|Pid|PPid|Uid|CapEff|CapBnd|NoNewPrivs):' "$status" 2>/dev/null && echo end
done
echo mounts
cat /proc/mounts
echo files
find /run/ /var/tmp/ -type f 2>/dev/null || true`;

/** Files that podman or Debian puts there, and no program of the container. */
const NOT_WRITTEN = new Set(['/run/.containerenv', '/run/podman-init', '/run/adduser']);

export async function confinementOf(engine: Engine, container: string): Promise<Confinement> {
  return readConfinement(await runEngine(engine, 'exec', container, 'sh', '-c', script));
}

/**
 * Reads what the script prints. Leaves out processes that the engine starts beside the container's program, such as
 * this script and the health checks: their parents are outside of the container, which cannot see them.
 *
 * @throws Error if the text is not what the script prints.
 */
export function readConfinement(output: string): Confinement {
  const [statuses = '', rest = ''] = output.split(/^mounts$/m);
  const [mounts = '', files = ''] = rest.split(/^files$/m);
  const all = statuses
    .split(/^end$/m)
    .filter((status) => status.trim() !== '')
    .map((status) => {
      const field = (name: string) => {
        const found = new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
        if (found === undefined) throw new Error(`/proc tells no ${name}: ${status}`);
        return found;
      };
      return {
        pid: Number(field('Pid')),
        parent: Number(field('PPid')),
        name: field('Name'),
        uid: Number(field('Uid')),
        effective: BigInt(`0x${field('CapEff')}`),
        bounding: BigInt(`0x${field('CapBnd')}`),
        hasNoNewPrivileges: field('NoNewPrivs') === '1',
      };
    });
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const isOfProgram = (pid: number): boolean => {
    const parent = parents.get(pid);
    return pid === 1 || (parent !== 0 && (parent === undefined || isOfProgram(parent)));
  };
  const processes = all.filter(({ pid }) => isOfProgram(pid));
  const root = /^\S+ \/ \S+ (\S+)/m.exec(mounts)?.[1];
  if (root === undefined || processes.length === 0) throw new Error(`/proc tells too little: ${output}`);
  return {
    processes,
    isRootReadOnly: root.split(',').includes('ro'),
    strayFiles: files.split('\n').filter((file) => file !== '' && !NOT_WRITTEN.has(file)),
  };
}

/** The kernel's bit for each capability that the compose file names. */
const capabilityBits: Record<string, number> = { CHOWN: 0, DAC_OVERRIDE: 1, FOWNER: 3, SETGID: 6, SETUID: 7 };

export function capabilityMask(names: string[]): bigint {
  return names.reduce((mask, name) => {
    const bit = capabilityBits[name];
    if (bit === undefined) throw new Error(`Nothing here knows the capability ${name}.`);
    return mask | (1n << BigInt(bit));
  }, 0n);
}
