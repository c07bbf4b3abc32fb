import { setTimeout as delay } from 'node:timers/promises';
import type { RunSpan } from './run-span.ts';

/** How long a program that stops waits for its last spans to be delivered. Whoever stops the program waits as long. */
const FLUSH_MS = 1500;

/** The tracing of a program. If tracing is off, its functions do nothing. */
export interface Tracing {
  readonly isOn: boolean;
  /** Adds the span of a run. The interceptors of workflows report it. */
  addRun(run: RunSpan): void;
  /**
   * Delivers the spans that have not been delivered yet. Takes a second and a half at most.
   *
   * @returns whether all spans were delivered. After false, a request that is still under way may keep the process
   *   alive.
   */
  stop(): Promise<boolean>;
}

/** The log for the messages that traces get lost, and that they are delivered again. */
export interface TroubleLog {
  warn(message: string): void;
  info(message: string): void;
}

export interface TracingOptions {
  isOn: boolean;
  /** Name of the program in traces, if `OTEL_SERVICE_NAME` is not set. */
  program: string;
  log: TroubleLog;
}

/**
 * Begins to trace if `isOn`. Spans that were made before are not recorded. Reads OpenTelemetry's own environment
 * variables (`OTEL_…`).
 */
export async function startTracing({ isOn, ...options }: TracingOptions): Promise<Tracing> {
  if (!isOn) return { isOn, addRun() {}, stop: async () => true };
  const { startTraceExport } = await import('./trace-export.ts');
  const traceExport = startTraceExport(options);
  return {
    isOn,
    addRun: (run) => traceExport.addRun(run),
    async stop() {
      const giveUp = new AbortController();
      const late = delay(FLUSH_MS, false, { signal: giveUp.signal }).catch(() => false);
      const isDelivered = await Promise.race([traceExport.stop(), late]);
      giveUp.abort();
      return isDelivered;
    },
  };
}
