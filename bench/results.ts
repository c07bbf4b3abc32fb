import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { mean, median } from 'simple-statistics';
import { z } from 'zod';

/** The result that the documents show and that `npm run capacity` counts with. */
export const measuredFile = fileURLToPath(new URL('measured.json', import.meta.url));

/** The variant of the orchestration that runs on Temporal's production server. */
export const PRODUCTION_SERVER = 'production server on PostgreSQL';

const byProcess = z.record(z.string(), z.number());

/** What one variant did under one load in one round. */
const sampleSchema = z.object({
  variant: z.string(),
  round: z.number(),
  /** How long RideNDine took to answer; null where the steps only wait. */
  partnerMs: z.number().nullable(),
  /** Callers at a time. */
  parallel: z.number(),
  orders: z.number(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  ordersPerSecond: z.number(),
  /** CPU of one order, less what the process uses at rest. */
  cpuMs: byProcess,
  /** CPU of one order in the busiest thread. What the thread uses at rest is included. */
  threadCpuMs: byProcess,
  memoryBytes: byProcess,
});
export type Sample = z.output<typeof sampleSchema>;

/** CPU of each process in milliseconds a second while no order is under way. */
export type AtRest = z.output<typeof byProcess>;

/** What an order leaves in Temporal's history. */
const historySchema = z.object({ events: z.number(), bytes: z.number() });
export type History = z.output<typeof historySchema>;

/** What a process holds open, together with the processes that it has started. */
const openHandlesSchema = z.object({
  /** File descriptors of all kinds, sockets among them. */
  files: z.number(),
  sockets: z.number(),
});
export type OpenHandles = z.output<typeof openHandlesSchema>;

const conditionsSchema = z.object({
  /** ISO 8601, a day. */
  measuredOn: z.string(),
  rounds: z.number(),
  machine: z.object({
    cores: z.number(),
    processor: z.string(),
    memoryGb: z.number(),
    system: z.string(),
    /** Load average of the minute before. If it is not near 0, something else was running. */
    loadBefore: z.number(),
  }),
});
export type Conditions = z.output<typeof conditionsSchema>;

const part = conditionsSchema.extend({ samples: z.array(sampleSchema) });

const benchResultSchema = z.object({
  /** Variants `workflow`, `one process` and `plain handler`. */
  whole: part.extend({
    atRest: byProcess,
    history: historySchema,
    /** What an order leaves in Directus' database, with its quote. */
    directusBytes: z.number(),
  }),
  /** A variant for each Temporal server, `PRODUCTION_SERVER` among them. */
  orchestration: part.extend({
    waitsMs: z.array(z.number()),
    /** By server. */
    atRest: z.record(z.string(), byProcess),
    /** What an order leaves in the database of the production server; null if that was not measured. */
    temporalBytes: z.number().nullable(),
  }),
  /** Where the CPU of an order goes. */
  profile: conditionsSchema.extend({
    orders: z.number(),
    parallel: z.number(),
    /** By process and by cause, in milliseconds. */
    causes: z.object({ worker: byProcess, gateway: byProcess }),
  }),
  /** A variant for each named change, and `as it is`. */
  changes: part.extend({
    ordersInBurst: z.number(),
    /** By variant: in how many bursts no order was done for a second or longer. */
    bursts: z.record(z.string(), z.object({ all: z.number(), stalled: z.number() })),
    /** From the start of a worker's process until it asks for work, by variant. */
    workerReadyMs: z.record(z.string(), z.array(z.number())),
  }),
  /** Variants `stored N` and `items N`; `stored again` is a second stack with the fewest orders. */
  growth: part.extend({
    /** The numbers of orders, the fewest first. */
    stored: z.array(z.number()),
    items: z.array(z.object({ items: z.number(), history: historySchema })),
  }),
  soak: conditionsSchema.extend({
    orders: z.number(),
    ordersPerSecond: z.number(),
    /** Latencies count from the time at which an order was due. */
    p50Ms: z.number(),
    p99Ms: z.number(),
    /** Memory right after garbage collections while orders run. */
    samples: z.array(z.object({ seconds: z.number(), memoryBytes: byProcess })),
    /** While no order is under way, by process. */
    before: z.record(z.string(), openHandlesSchema),
    after: z.record(z.string(), openHandlesSchema),
  }),
});
export type BenchResult = z.output<typeof benchResultSchema>;
export type BenchPart = keyof BenchResult;
/** What a part measures, without the conditions, which are added later. */
export type Measured<Part extends BenchPart> = Omit<BenchResult[Part], keyof Conditions>;

export const benchParts = Object.keys(benchResultSchema.shape) as BenchPart[];

/** @throws Error with one sentence if the text is no result of `npm run bench`. */
export function readBenchResult(text: string): BenchResult {
  const parsed = benchResultSchema.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  throw new Error(`This is no result of npm run bench: ${z.prettifyError(parsed.error).split('\n').join(' ')}`);
}

/**
 * Earlier results of all parts but those in `now`: from `file`, or from {@link measuredFile} if `file` has none.
 *
 * @throws Error if there is no earlier result of a part, or one in an older format.
 */
export async function earlierParts(file: string, now: BenchPart[]): Promise<Partial<BenchResult>> {
  const texts = await Promise.all([measuredFile, file].filter(existsSync).map((from) => readFile(from, 'utf8')));
  const earlier = Object.assign({}, ...texts.map(jsonIn)) as Partial<BenchResult>;
  const others = benchParts.filter((name) => !now.includes(name));
  const unknown = others.filter((name) => !benchResultSchema.shape[name].safeParse(earlier[name]).success);
  if (unknown.length > 0) throw new Error(`There is no earlier result of ${unknown.join(', ')}: add it to --only.`);
  return Object.fromEntries(others.map((name) => [name, earlier[name]]));
}

/** As JSON with a line for each sample. Numbers keep six digits. */
export function writtenResult(result: Partial<BenchResult>): string {
  const json = JSON.stringify(result, (_key, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value,
  );
  return `${json.replace(/\{"(variant|seconds)"|"\w+":\{"measuredOn"/g, '\n$&')}\n`;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('This is no result of npm run bench: it is no JSON.');
  }
}

/** The median of several rounds, with the lowest and the highest round. */
export interface Figure {
  value: number;
  lowest: number;
  highest: number;
}

/** @throws Error if `rounds` is empty. */
export function figureOf(rounds: number[]): Figure {
  if (rounds.length === 0) throw new Error('The result lacks a figure that is asked for.');
  return { value: median(rounds), lowest: Math.min(...rounds), highest: Math.max(...rounds) };
}

/** Selects samples: those of one variant under one load. */
export type Load = Pick<Sample, 'variant' | 'parallel'> & Partial<Pick<Sample, 'partnerMs'>>;

export function samplesOf(samples: Sample[], { variant, parallel, partnerMs = null }: Load): Sample[] {
  return samples.filter(
    (sample) => sample.variant === variant && sample.parallel === parallel && sample.partnerMs === partnerMs,
  );
}

/** A figure of one variant under one load. */
export function figure(samples: Sample[], load: Load, read: (sample: Sample) => number): Figure {
  return figureOf(samplesOf(samples, load).map(read));
}

/**
 * Compares a variant with `base` under the same load in the same round. If `base` has several turns in a round, the
 * mean of these comparisons counts. A turn of `base` itself is compared with its other turns, which shows the noise.
 */
export function compared(
  samples: Sample[],
  { base, ...load }: Load & { base: string },
  compare: (ours: Sample, theirs: Sample) => number,
): Figure {
  const bases = samplesOf(samples, { ...load, variant: base });
  return figureOf(
    samplesOf(samples, load).flatMap((ours) => {
      const theirs = bases.filter((other) => other.round === ours.round && other !== ours);
      return theirs.length === 0 ? [] : [mean(theirs.map((other) => compare(ours, other)))];
    }),
  );
}

/** This number of callers keeps the parts busy without a long queue. */
export const BUSY_PARALLEL = 32;

/**
 * The load at which the costs of a variant are taken: the fastest partner, and about {@link BUSY_PARALLEL} callers.
 *
 * @throws Error if nothing was measured of the variant.
 */
export function busiestLoad(samples: Sample[], variant: string): Load {
  const [load] = samples
    .filter((sample) => sample.variant === variant)
    .toSorted(
      (a, b) =>
        (a.partnerMs ?? 0) - (b.partnerMs ?? 0) ||
        Math.abs(a.parallel - BUSY_PARALLEL) - Math.abs(b.parallel - BUSY_PARALLEL),
    );
  if (load === undefined) throw new Error(`The result has nothing of ${variant}.`);
  return load;
}

/** The benchmark's own processes, which belong to no installation. */
const notInstalled = new Set(['callers', 'ridendine sandbox']);

/** CPU of one order in all processes of an installation. */
export function installedCpuMs({ cpuMs }: Sample): number {
  return Object.entries(cpuMs).reduce((sum, [name, ms]) => (notInstalled.has(name) ? sum : sum + ms), 0);
}
