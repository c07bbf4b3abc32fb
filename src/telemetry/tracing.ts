import { setTimeout as delay } from 'node:timers/promises';
import type { RunSpan } from './run-span.ts';
import type { TraceExport } from './trace-export.ts';

/** Longest that the end of a program waits for its last spans to be delivered. Whoever stops it waits, too. */
const FLUSH_MS = 1500;

/** Traces of a program that is told to make some; of another one, nothing that costs anything. */
export interface Tracing {
  readonly isOn: boolean;
  /** A run of a workflow, told of by its interceptors. */
  addRun(run: RunSpan): void;
  /**
   * Delivers what has not been delivered yet, for a second and a half at most.
   *
   * @returns whether that was done; else what is still under way keeps the process.
   */
  stop(): Promise<boolean>;
}

/** Where a program tells that its traces get lost, and that they do no more. */
export interface TroubleLog {
  warn(message: string): void;
  info(message: string): void;
}

export interface TracingOptions {
  isOn: boolean;
  /** What the program is called where `OTEL_SERVICE_NAME` does not say. */
  program: string;
  log: TroubleLog;
}

/** Begins to trace, if that is wanted: before that, spans are nothing. Reads OpenTelemetry's own variables (`OTEL_…`). */
export async function startTracing({ isOn, ...options }: TracingOptions): Promise<Tracing> {
  if (!isOn) return { isOn, addRun() {}, stop: async () => true };
  const { startTraceExport } = await import('./trace-export.ts');
  const traceExport: TraceExport = startTraceExport(options);
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
