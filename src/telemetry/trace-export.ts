import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, RandomIdGenerator } from '@opentelemetry/sdk-trace-base';
import type { IdGenerator, ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { markFailed } from './spans.ts';
import type { RunSpan } from './run-span.ts';
import type { TroubleLog, TracingOptions } from './tracing.ts';

export interface TraceExport {
  addRun(run: RunSpan): void;
  /** @returns true once everything is delivered, false if something could not be. */
  stop(): Promise<boolean>;
}

/**
 * OpenTelemetry's SDK as this process' tracer: spans go to a collector by OTLP over HTTP, in batches and beside the work.
 * What a collector does not take is dropped, and no order knows of it.
 */
export function startTraceExport({ program, log }: Omit<TracingOptions, 'isOn'>): TraceExport {
  const ids = new SpanIds();
  const exporter = new ReportingExporter(new OTLPTraceExporter(), log);
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': program }))
      .merge(detectResources({ detectors: [envDetector] })),
    idGenerator: ids,
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  // Whoever calls us or is called sees no more of a trace than its ids: no baggage, no state of other vendors.
  provider.register({ propagator: null });
  const tracer = provider.getTracer('cooco-order-creation');
  return {
    addRun({ parent, spanId, workflowType, startMs, endMs, ...run }) {
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
    async stop() {
      try {
        await provider.shutdown();
      } catch {
        // The exporter has said so.
      }
      return !exporter.hasLost;
    },
  };
}

/** A run has told its span's id to its activities before the span is made. */
class SpanIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  /** For the next span, and that one alone. */
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

/** Says once when spans begin to get lost, and once when they are delivered again. */
class ReportingExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #log: TroubleLog;
  #lost = 0;

  constructor(exporter: SpanExporter, log: TroubleLog) {
    this.#exporter = exporter;
    this.#log = log;
  }

  get hasLost(): boolean {
    return this.#lost > 0;
  }

  export(...[spans, done]: Parameters<SpanExporter['export']>): void {
    this.#exporter.export(spans, (result) => {
      this.#note(result, spans);
      done(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
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

/** What a collector answered is not repeated, only its status. */
function reasonOf(error: Error | undefined): string {
  if (error === undefined) return 'no reason given';
  const { code } = error as { code?: string | number };
  return code === undefined ? error.message : String(code);
}
