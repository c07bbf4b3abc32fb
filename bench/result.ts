import { z } from 'zod';

const figureSchema = z.object({ value: z.number(), lowest: z.number(), highest: z.number() });

/** One variant under one load, over all rounds. */
export const cellSchema = z.object({
  variant: z.string(),
  /** How long RideNDine took; of the orchestration alone there is none. */
  partnerMs: z.number().nullable(),
  parallel: z.number(),
  /** In all rounds together. */
  orders: z.number(),
  latencyMs: z.object({ p50: figureSchema, p95: figureSchema, p99: figureSchema }),
  ordersPerSecond: figureSchema,
  /** By process. */
  cpuMsPerOrder: z.record(z.string(), figureSchema),
  /** Of the one thread that did most, by process. */
  busiestThreadCpuMsPerOrder: z.record(z.string(), figureSchema),
  memoryBytes: z.record(z.string(), z.number()),
});
export type Cell = z.output<typeof cellSchema>;

const timesSchema = z.object({ p50: z.number(), p95: z.number() });

const historiesSchema = z.object({
  leftOut: z.number().default(0),
  events: z.number(),
  bytes: z.number(),
  workflowTasks: z.number(),
  workflowTaskWaitMs: timesSchema,
  workflowTaskRunMs: timesSchema,
  activities: z.record(z.string(), z.object({ waitMs: timesSchema, runMs: timesSchema })),
});

const ratioSchema = z.object({ variant: z.string(), partnerMs: z.number(), parallel: z.number(), p50: figureSchema });

const saturationSchema = z.object({
  /** Where the variant placed most orders a second. */
  parallel: z.number(),
  ordersPerSecond: figureSchema,
});
/** With how it compares to the plain handler, round by round. */
const comparedSaturationSchema = saturationSchema.extend({ ratio: figureSchema });

const atRestSchema = z.record(z.string(), z.object({ cpuMsPerSecond: z.number(), memoryBytes: z.number() }));
export type AtRestResult = z.output<typeof atRestSchema>;

const wholeSchema = z.object({
  cells: z.array(cellSchema),
  /** Of a variant's latency to that of the plain handler, round by round. */
  ratios: z.array(ratioSchema),
  saturation: z.object({
    partnerMs: z.number(),
    durable: comparedSaturationSchema,
    oneProcess: comparedSaturationSchema,
    plain: saturationSchema,
  }),
  atRest: atRestSchema,
  /** Of orders that were alone, by the partner's time that they were made with. */
  histories: historiesSchema,
  historiesPartnerMs: z.number(),
  /** In Directus' database, with the quote that an order was made from. */
  databaseBytesPerOrder: z.number(),
  temporalFlags: z.array(z.string()),
});
export type WholeResult = z.output<typeof wholeSchema>;

const orchestrationSchema = z.object({
  waitsMs: z.array(z.number()),
  cells: z.array(cellSchema),
  /** How much longer than the plain waits, round by round. */
  overheads: z.array(z.object({ variant: z.string(), parallel: z.number(), p50Ms: figureSchema })),
  servers: z.array(
    z.object({
      variant: z.string(),
      title: z.string(),
      flags: z.array(z.string()),
      atRest: atRestSchema,
      histories: historiesSchema,
      /** What an order leaves in its database; of a dev server nobody asks. */
      databaseBytesPerOrder: z.number().nullable().default(null),
    }),
  ),
});
export type OrchestrationResult = z.output<typeof orchestrationSchema>;

const handlesSchema = z.object({ files: z.number(), sockets: z.number(), threads: z.number() });

const liveSchema = z.object({ heapBytes: z.number(), memoryBytes: z.number() });

const trendSchema = z.object({
  slope: z.number(),
  interval: z.object({ from: z.number(), to: z.number() }).nullable(),
  samples: z.number(),
  effectiveSamples: z.number(),
});

const soakSchema = z.object({
  orders: z.number(),
  partnerMs: z.number(),
  /** That were sent and answered. */
  ordersPerSecond: z.number(),
  /** From the time at which an order was due. */
  latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
  mostUnderWay: z.number(),
  /** Of the time: what no line is fitted to. */
  warmUpShare: z.number(),
  /** When each sample was taken, since the first order. */
  seconds: z.array(z.number()),
  processes: z.record(
    z.string(),
    z.object({
      memoryBytes: z.array(z.number()),
      /** In bytes a second, with the interval of 95 % confidence. */
      trend: trendSchema,
      /** The same of what is left right after a garbage collection, of our own programs. */
      collectedTrend: trendSchema.nullable().default(null),
      /** When nothing was under way. */
      open: z.object({ before: handlesSchema, after: handlesSchema }),
      /** After a garbage collection, of our own programs. */
      live: z.object({ before: liveSchema, after: liveSchema }).nullable(),
    }),
  ),
});
export type SoakResult = z.output<typeof soakSchema>;

/** One value of what grows, under one load, over all rounds. */
const growthPointSchema = cellSchema
  .pick({ parallel: true, orders: true, latencyMs: true, ordersPerSecond: true, cpuMsPerOrder: true })
  .extend({
    at: z.number(),
    /** How many times as long as at the smallest value an order takes at the median, round by round. */
    p50Ratio: figureSchema,
    /** The same of the CPU of all parts of an installation together. */
    cpuRatio: figureSchema,
  });
export type GrowthPoint = z.output<typeof growthPointSchema>;

/** How long Directus takes for what is asked of all orders now and then: median, and lowest and highest round. */
const questionsSchema = z.object({ sweep: figureSchema, gauges: figureSchema });

/** How another stack with as many orders compares, under one load: differences up to that tell nothing. */
const twinSchema = growthPointSchema.pick({ parallel: true, p50Ratio: true, cpuRatio: true });
export type GrowthTwin = z.output<typeof twinSchema>;

const growthSchema = z.object({
  partnerMs: z.number(),
  /** By orders in Directus. */
  stored: z.object({
    points: z.array(growthPointSchema),
    twin: z.array(twinSchema),
    sizes: z.array(
      z.object({
        at: z.number(),
        databaseBytes: z.number(),
        questionsMs: questionsSchema,
        withoutStatusIndexMs: questionsSchema,
      }),
    ),
  }),
  /** By worker processes. */
  workers: z.object({ points: z.array(growthPointSchema) }),
  /** By items of an order. */
  items: z.object({
    points: z.array(growthPointSchema),
    sizes: z.array(z.object({ at: z.number(), historyBytes: z.number() })),
  }),
});
export type GrowthResult = z.output<typeof growthSchema>;

/** One change, under one load, over all rounds, and how it compares with none in the same round. */
const changePointSchema = cellSchema
  .pick({ variant: true, parallel: true, orders: true, latencyMs: true, ordersPerSecond: true, cpuMsPerOrder: true })
  .extend({
    /** How much longer at the median. */
    moreMs: figureSchema,
    /** How many times as many orders a second. */
    ordersRatio: figureSchema,
    /** Of server and worker together, for one order. */
    moreCpuMs: figureSchema,
  });
export type ChangePoint = z.output<typeof changePointSchema>;

const changesSchema = z.object({
  waitsMs: z.array(z.number()),
  points: z.array(changePointSchema),
  /** Of so many orders at the same time, by variant: how many bursts there were, and in how many orders stalled. */
  bursts: z.object({
    orders: z.number(),
    stalls: z.record(z.string(), z.object({ bursts: z.number(), stalled: z.number() })),
  }),
  /** From the start of the worker's process until it asks for work. */
  workerReadyMs: z.object({ bundled: figureSchema, bundling: figureSchema }),
  /** Of the server as it is. */
  temporalFlags: z.array(z.string()),
});
export type ChangesResult = z.output<typeof changesSchema>;

const callCostSchema = z.object({
  ms: figureSchema,
  /** Of Directus. */
  cpuMs: figureSchema,
});

/** Each call to Directus by itself, in the place of an order. */
const directusCallsSchema = z.object({
  cells: z.array(cellSchema),
  /** What all calls of an order come to at the median, round by round. */
  orders: z.record(z.string(), callCostSchema),
  /** What the look for an earlier order adds to the read of the quote, round by round. */
  look: callCostSchema,
});
export type CallCost = z.output<typeof callCostSchema>;
export type DirectusCallsResult = z.output<typeof directusCallsSchema>;

export const machineSchema = z.object({
  cores: z.number(),
  processor: z.string(),
  memoryGb: z.number(),
  system: z.string(),
  /** Load average of the last minute when the benchmark began: near 0, or others were at work. */
  loadBefore: z.number(),
  /** By program. */
  versions: z.record(z.string(), z.string()),
});
export type Machine = z.output<typeof machineSchema>;

const conditionsSchema = z.object({
  /** ISO 8601, a day. */
  measuredOn: z.string(),
  rounds: z.number(),
  machine: machineSchema,
});
export type Conditions = z.output<typeof conditionsSchema>;

/** What `npm run bench` leaves behind, and what everything that is written about it is made from. */
export const benchResultSchema = conditionsSchema.extend({
  /** Of parts that were not measured together with the others, by their name. */
  measuredApart: z.record(z.string(), conditionsSchema).default({}),
  whole: wholeSchema,
  orchestration: orchestrationSchema,
  directus: directusCallsSchema,
  growth: growthSchema,
  soak: soakSchema,
  changes: changesSchema,
});
export type BenchResult = z.output<typeof benchResultSchema>;

/** What can be measured apart from the rest. */
export const benchParts = ['whole', 'directus', 'orchestration', 'growth', 'soak', 'changes'] as const;
export type BenchPart = (typeof benchParts)[number];

export function conditionsOf(result: BenchResult, part: BenchPart): Conditions {
  return result.measuredApart[part] ?? result;
}
