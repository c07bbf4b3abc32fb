import ms from 'ms';
import { z } from 'zod';
import { deploymentVariables, readWorkerBuild } from './deployment-settings.ts';
import {
  duration,
  httpUrl,
  ipAddressAndPort,
  logLevel,
  parseEnvironment,
  secret,
  SettingsError,
  wholeNumber,
} from './environment.ts';
import { encryptionVariables, readEncryptionKeys } from './encryption-settings.ts';
import { readTemporalSettings, temporalVariables } from './temporal-settings.ts';
import { readTracing, tracingVariables } from './tracing-settings.ts';

/** How far the clocks of Directus, which dates an order, and of a worker, which counts from that date, may differ. */
export const CLOCK_SKEW_MS = 60_000;

/** How much a worker takes on at once. */
export const slotVariables = z.object({
  WORKER_MAX_CONCURRENT_ACTIVITIES: wholeNumber(1, 10_000).default(100),
  // A workflow task holds its slot while its local activities, the attempts at Directus, run.
  WORKER_MAX_CONCURRENT_WORKFLOW_TASKS: wholeNumber(2, 10_000).default(200),
});

export const workerVariables = temporalVariables.extend({
  DIRECTUS_URL: httpUrl(),
  DIRECTUS_TOKEN: secret(),
  DIRECTUS_PUBLIC_URL: httpUrl().optional(),
  RUNBOOK_URL: httpUrl().optional(),
  RIDENDINE_BASE_URL: httpUrl(),
  RIDENDINE_API_KEY: secret(),
  // Longer than the 10 s after which fetch gives up connecting: then fetch's error proves that nothing was sent.
  RIDENDINE_TIMEOUT_MS: wholeNumber(100, 120_000).default(15_000),
  RIDENDINE_MAX_CALLS_PER_SECOND: wholeNumber(1, 10_000).optional(),
  RIDENDINE_IDEMPOTENCY_TTL: duration().default(24 * 60 * 60_000),
  RIDENDINE_IDEMPOTENCY_MARGIN: duration().default(60 * 60_000),
  QUOTE_GRACE: duration().default(5 * 60_000),
  REVIEW_WINDOW: duration().default(7 * 24 * 60 * 60_000),
  ...slotVariables.shape,
  ...deploymentVariables.shape,
  WORKER_SHUTDOWN_GRACE: duration().default(15_000),
  WORKER_SWEEP: z.enum(['on', 'off'], 'must be on or off').default('on'),
  WORKER_SWEEP_INTERVAL: duration(1000).default(5 * 60_000),
  WORKER_SWEEP_AFTER: duration().default(10 * 60_000),
  // Read by src/worker/without-call-stacks.ts, which every thread of the worker loads.
  WORKER_CALL_STACKS: z.enum(['on', 'off'], 'must be on or off').default('off'),
  WORKER_METRICS_ADDRESS: ipAddressAndPort().optional(),
  ...encryptionVariables.shape,
  ...tracingVariables.shape,
  LOG_LEVEL: logLevel,
});

/** Reads the settings of the worker. @throws {SettingsError} */
export function readWorkerSettings(environment: NodeJS.ProcessEnv) {
  const variables = parseEnvironment(workerVariables, environment);
  // Otherwise a last attempt could arrive after RideNDine has forgotten the key, and make a second order.
  if (variables.RIDENDINE_IDEMPOTENCY_MARGIN < variables.RIDENDINE_TIMEOUT_MS + CLOCK_SKEW_MS) {
    throw new SettingsError([
      `RIDENDINE_IDEMPOTENCY_MARGIN: must be longer than RIDENDINE_TIMEOUT_MS by ${ms(CLOCK_SKEW_MS)} or more`,
    ]);
  }
  // Otherwise the key would count as forgotten from the start, and every order would wait for support staff.
  if (variables.RIDENDINE_IDEMPOTENCY_MARGIN >= variables.RIDENDINE_IDEMPOTENCY_TTL) {
    throw new SettingsError(['RIDENDINE_IDEMPOTENCY_MARGIN: must be shorter than RIDENDINE_IDEMPOTENCY_TTL']);
  }
  return {
    temporal: readTemporalSettings(environment),
    encryptionKeys: readEncryptionKeys(variables),
    directus: { url: variables.DIRECTUS_URL, token: variables.DIRECTUS_TOKEN },
    ridendine: {
      baseUrl: variables.RIDENDINE_BASE_URL,
      apiKey: variables.RIDENDINE_API_KEY,
      timeoutMs: variables.RIDENDINE_TIMEOUT_MS,
    },
    maxPartnerCallsPerSecond: variables.RIDENDINE_MAX_CALLS_PER_SECOND,
    deadlines: {
      ridendineTimeoutMs: variables.RIDENDINE_TIMEOUT_MS,
      ridendineIdempotencyTtlMs: variables.RIDENDINE_IDEMPOTENCY_TTL,
      ridendineIdempotencyMarginMs: variables.RIDENDINE_IDEMPOTENCY_MARGIN,
      quoteGraceMs: variables.QUOTE_GRACE,
      reviewWindowMs: variables.REVIEW_WINDOW,
    },
    links: {
      directusPublicUrl: variables.DIRECTUS_PUBLIC_URL ?? variables.DIRECTUS_URL,
      runbookUrl: variables.RUNBOOK_URL,
    },
    build: readWorkerBuild(variables),
    worker: { ...readSlots(variables), shutdownGraceTime: variables.WORKER_SHUTDOWN_GRACE },
    sweep:
      variables.WORKER_SWEEP === 'on'
        ? { intervalMs: variables.WORKER_SWEEP_INTERVAL, afterMs: variables.WORKER_SWEEP_AFTER }
        : undefined,
    metricsAddress: variables.WORKER_METRICS_ADDRESS,
    tracing: readTracing(variables),
    logLevel: variables.LOG_LEVEL,
  };
}

export function readSlots(variables: z.output<typeof slotVariables>) {
  return {
    maxConcurrentActivityTaskExecutions: variables.WORKER_MAX_CONCURRENT_ACTIVITIES,
    maxConcurrentWorkflowTaskExecutions: variables.WORKER_MAX_CONCURRENT_WORKFLOW_TASKS,
    // A workflow task runs one local activity at a time.
    maxConcurrentLocalActivityExecutions: variables.WORKER_MAX_CONCURRENT_WORKFLOW_TASKS,
  };
}

export type WorkerSettings = ReturnType<typeof readWorkerSettings>;
