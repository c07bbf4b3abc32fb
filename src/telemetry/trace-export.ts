import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, RandomIdGenerator } from '@opentelemetry/sdk-trace-base';
import type { IdGenerator, ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { markFailed } from './spans.ts';
import type { RunSpan } from './run-span.ts';
import type { TroubleLog, TracingOptions } from './tracing.ts';

/**
 * Makes OpenTelemetry's SDK the tracer of this process. Spans go to a collector by OTLP over HTTP, in batches and in
 * the background. Spans that the collector does not take are dropped; no order is affected.
 */
export function startTraceExport({ program, log }: Omit<TracingOptions, 'isOn'>) {
  const ids = new SpanIds();
  const exporter = new ReportingExporter(log);
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': program }))
      .merge(detectResources({ detectors: [envDetector] })),
    idGenerator: ids,
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  // Without a propagator, other programs get only the ids of a trace: no baggage, and no state of other vendors.
  provider.register({ propagator: null });
  const tracer = provider.getTracer('cooco-order-creation');
  return {
    addRun({ parent, spanId, workflowType, startMs, endMs, ...run }: RunSpan) {
      ids.next = spanId;
      const span = tracer.startSpan(
        `RunWorkflow:${workflowType}`,
        {
          kind: SpanKind.CONSUMER,
          startTime: new Date(startMs),
          attributes: { temporalWorkflowId: run.workflowId, run_id: run.runId },
        },
        trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }),
      );
      if (run.failure !== undefined) markFailed(span, run.failure);
      span.end(new Date(endMs));
    },
    /** @returns true when every span is delivered, false if some could not be delivered. */
    async stop() {
      try {
        await provider.shutdown();
      } catch {
        // The exporter has logged the failure already.
      }
      return !exporter.hasLost;
    },
  };
}

/** Gives a run's span the id that the run has given its activities before the span was made. */
class SpanIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  /** The id of the next span only. */
  next: string | undefined;

  generateTraceId(): string {
    return this.#random.generateTraceId();
  }

  generateSpanId(): string {
    const { next } = this;
    this.next = undefined;
    return next ?? this.#random.generateSpanId();
  }
}

/** Logs once when spans begin to get lost, and once when they are delivered again. */
class ReportingExporter extends OTLPTraceExporter {
  readonly #log: TroubleLog;
  #lost = 0;

  constructor(log: TroubleLog) {
    super();
    this.#log = log;
  }

  get hasLost(): boolean {
    return this.#lost > 0;
  }

  override export(...[spans, done]: Parameters<OTLPTraceExporter['export']>): void {
    super.export(spans, (result) => {
      this.#note(result, spans);
      done(result);
    });
  }

  #note({ code, error }: { code: ExportResultCode; error?: Error }, spans: ReadableSpan[]): void {
    if (code === ExportResultCode.SUCCESS) {
      if (this.#lost > 0) this.#log.info(`Traces are delivered again; ${this.#lost} spans were lost.`);
      this.#lost = 0;
      return;
    }
    if (this.#lost === 0) {
      this.#log.warn(`Traces cannot be delivered (${reasonOf(error)}): their spans get lost. Orders go on.`);
    }
    this.#lost += spans.length;
  }
}

/** Gives the status of a collector's answer, but not its text. */
function reasonOf(error: Error | undefined): string {
  if (error === undefined) return 'no reason given';
  const { code } = error as { code?: string | number };
  return code === undefined ? error.message : String(code);
}
