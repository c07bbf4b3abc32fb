import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { newOrderNamespace } from '../../test/support/order-namespace.ts';
import { openSupervisedFolder } from '../../test/support/supervised-folder.ts';
import { whileRunning } from '../lifetime.ts';
import type { Measurement } from '../lifetime.ts';
import { Meter, warmUp } from '../load.ts';
import type { LoadPlan } from '../load.ts';
import { readProcessUsage } from '../processes.ts';
import type { ProcessUsage } from '../processes.ts';
import type { Measured } from '../results.ts';
import { openWholeSite, startService } from '../whole-site.ts';

export interface ProfilePlan extends Pick<LoadPlan, 'warmUpOrders' | 'atRestMs'> {
  orders: number;
  /** Callers at the same time. */
  parallel: number;
}

const services = ['worker', 'gateway'] as const;
type Service = (typeof services)[number];

const SAMPLE_EVERY_US = 500;

const ENTERING = 'Entering a workflow: the guard against endless loops, and the exchange of globals';

/** Threads that run no JavaScript of the program: the pattern of their names, and what they do. */
const nativeThreads: [RegExp, string][] = [
  [/^tokio|^temporal|^workflow/, "Temporal's core, in Rust"],
  [/^V8/, 'V8, compiling and collecting garbage'],
  [/^libuv/, "Node's threads for files and keys"],
];
/** The names of the threads that take the profile. */
const profiling = /^v8:Prof|^SignalInspector/;

/**
 * Measures where the CPU of an order goes in worker and gateway. V8 tells what each of their threads does. The system
 * tells how long each thread is on a core.
 */
export async function measureProfile({
  plan: { orders, parallel, warmUpOrders, atRestMs },
  progress,
  signal,
}: Measurement<ProfilePlan>): Promise<Measured<'profile'>> {
  const folder = await openSupervisedFolder('order-creation-profiles');
  const folderOf = (service: Service) => path.join(folder.dataDir, service);
  try {
    // Node writes a profile when the program ends.
    const { window, threads } = await whileRunning(signal, async (start) => {
      const { world, newOrders } = await progress.step('Stack', () => start(() => openWholeSite()));
      const temporal = await newOrderNamespace(world.temporal.connection, world.stack.temporal.address);
      const run = (service: Service) =>
        start(() =>
          startService(world, service, {
            temporal,
            env: { WORKER_SWEEP: 'off' },
            nodeArguments: [
              '--cpu-prof',
              `--cpu-prof-dir=${folderOf(service)}`,
              `--cpu-prof-interval=${SAMPLE_EVERY_US}`,
            ],
          }),
        );
      const [worker, gateway] = [await run('worker'), await run('gateway')];
      await warmUp(await newOrders(warmUpOrders), gateway.place);
      const pids = { worker: worker.pid, gateway: gateway.pid };
      const meter = await Meter.open(pids, atRestMs);
      const placed = await newOrders(orders);
      return await progress.step(`${orders} orders`, async () => {
        const before = readProcessUsage(pids);
        const from = monotonicUs();
        await meter.measure(placed, parallel, gateway.place);
        const to = monotonicUs();
        const after = readProcessUsage(pids);
        const used = (service: Service) => usedSince(before[service], after[service]);
        return { window: { from, to }, threads: { worker: used('worker'), gateway: used('gateway') } };
      });
    });
    const causesOf = async (service: Service) =>
      perOrder(orders, threads[service], await scriptCauses(folderOf(service), window));
    return { orders, parallel, causes: { worker: await causesOf('worker'), gateway: await causesOf('gateway') } };
  } finally {
    await folder.stop();
  }
}

/** The clock of V8's profiles, in microseconds. */
function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** CPU of a process's threads in milliseconds: by name for running threads, in total for threads that have ended. */
function usedSince(before: ProcessUsage, after: ProcessUsage): { byName: Record<string, number>; endedMs: number } {
  const byName: Record<string, number> = {};
  let endedMs = after.cpuMs - before.cpuMs;
  for (const [id, { name, cpuMs }] of after.threads) {
    const ms = cpuMs - (before.threads.get(id)?.cpuMs ?? 0);
    byName[name] = (byName[name] ?? 0) + ms;
    endedMs -= ms;
  }
  return { byName, endedMs };
}

/**
 * Milliseconds of CPU of one order by cause, including what is used at rest. The cause is what V8 has seen for threads
 * that run JavaScript, and the thread's name for the others.
 */
function perOrder(
  orders: number,
  { byName, endedMs }: ReturnType<typeof usedSince>,
  seenUs: Record<string, number>,
): Record<string, number> {
  const causes: Record<string, number> = {};
  const add = (cause: string, ms: number) => {
    if (ms > 0) causes[cause] = (causes[cause] ?? 0) + ms / orders;
  };
  // Threads that have ended: Node starts one for each call that has a time limit.
  add(ENTERING, endedMs);
  let scriptMs = 0;
  for (const [name, ms] of Object.entries(byName)) {
    const native = nativeThreads.find(([pattern]) => pattern.test(name));
    if (native) add(native[1], ms);
    else if (!profiling.test(name)) scriptMs += ms;
  }
  // A thread that waits for a core seems busy to V8. So V8's shares are right, but its times are not.
  const seen = Object.values(seenUs).reduce((sum, us) => sum + us, 0);
  for (const [cause, us] of Object.entries(seenUs)) add(cause, (scriptMs * us) / seen);
  return causes;
}

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  startTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});
export type Profile = z.output<typeof profileSchema>;

async function scriptCauses(folder: string, window: { from: number; to: number }): Promise<Record<string, number>> {
  const seenUs: Record<string, number> = {};
  for (const file of await readdir(folder)) {
    const profile = profileSchema.parse(JSON.parse(await readFile(path.join(folder, file), 'utf8')));
    for (const [cause, us] of Object.entries(causesIn(profile, window))) seenUs[cause] = (seenUs[cause] ?? 0) + us;
  }
  return seenUs;
}

/** How long a thread was seen at each cause within the window, in microseconds. */
export function causesIn(
  { nodes, startTime, samples, timeDeltas }: Profile,
  { from, to }: { from: number; to: number },
): Record<string, number> {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const causes = new Map<number, string | undefined>();
  const causeOf = (id: number) => {
    if (!causes.has(id)) {
      const frames: Frame[] = [];
      for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
        const node = byId.get(at);
        if (node) frames.push(node.callFrame);
      }
      causes.set(id, causeOfStack(frames));
    }
    return causes.get(id);
  };
  const seen: Record<string, number> = {};
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    const cause = causeOf(id);
    if (cause === undefined || at < from || at > to) continue;
    seen[cause] = (seen[cause] ?? 0) + (timeDeltas[index + 1] ?? 0);
  }
  return seen;
}

type Frame = Profile['nodes'][number]['callFrame'];

/** Causes by where the code is. The first pattern that matches counts. */
const scripts: [RegExp, string][] = [
  [/workflow-bundle/, "Workflow code, Temporal's and ours"],
  [/reusable-vm|evalmachine/, ENTERING],
  [/encryption-codec|internal\/crypto/, 'Encryption'],
  [/undici|\/(ky|@directus\/sdk)\/|internal\/deps/, 'HTTP to Directus and RideNDine'],
  [/\/(protobufjs|@protobufjs|@temporalio\/proto|long)\//, 'Protocol buffers'],
  [/\/@grpc\/|internal\/http2/, 'gRPC'],
  [/\/(fastify|@fastify|find-my-way|light-my-request|avvio)\/|_http_server/, 'HTTP from callers'],
  [/\/zod\//, 'Schemas'],
  [/\/(@temporalio|rxjs)\//, "Temporal's SDK"],
  [/\/(pino|@opentelemetry)[\w.-]*\//, 'Logs and traces'],
  [/\/src\//, 'Our own code'],
];

/** @param frames the innermost first. @returns `undefined` while the thread has nothing to do. */
function causeOfStack(frames: Frame[]): string | undefined {
  const [{ functionName } = { functionName: '' }] = frames;
  if (functionName === '(idle)') return undefined;
  if (functionName === '(garbage collector)') return 'V8, compiling and collecting garbage';
  for (const { url } of frames) {
    const found = scripts.find(([pattern]) => pattern.test(url));
    if (found) return found[1];
  }
  return 'Node itself';
}
