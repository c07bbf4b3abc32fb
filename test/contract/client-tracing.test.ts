import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { Client, Connection } from '@temporalio/client';
import { OrderCreationClient } from '../../src/client/index.ts';
import { TRACE_HEADER, traceparentOf } from '../../src/telemetry/trace-context.ts';
import { newPickupRequest } from '../support/builders.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { testDataConverter, testEncryptionKeys } from '../support/test-encryption.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

let temporal: EmbeddedTemporal;
let orders: OrderCreationClient;
let operator: Client;
beforeAll(async () => {
  temporal = await startEmbeddedTemporal();
  orders = OrderCreationClient.connect({ ...temporal.settings, encryptionKeys: testEncryptionKeys });
  const connection = await Connection.connect({ address: temporal.settings.address });
  operator = new Client({ connection, dataConverter: testDataConverter });
}, 240_000);
afterAll(async () => {
  trace.disable();
  context.disable();
  await orders.close();
  await operator.connection.close();
  await temporal.stop();
});

describe('the client library in a program without OpenTelemetry', () => {
  it('hands on to the run the traceparent that it is told', async () => {
    expect(await traceOfRun({ traceparent })).toEqual({ header: traceparent, memo: traceparent });
  });

  it.each([undefined, 'hello'])('tells the run of no trace where there is none: %s', async (told) => {
    expect(await traceOfRun({ traceparent: told })).toEqual({ header: undefined, memo: undefined });
  });

  it('installs nothing that would make spans', async () => {
    await traceOfRun({ traceparent });

    expect(trace.getTracer('anybody').startSpan('any').isRecording()).toBe(false);
  });
});

describe('the client library in a program with OpenTelemetry', () => {
  const exporter = new InMemorySpanExporter();
  /**
   * Creates an order inside a span of the program.
   *
   * @returns that span, what the run knows, and the span of the start.
   */
  async function inSpan(told?: string) {
    exporter.reset();
    const span = trace.getTracer('program').startSpan('checkout');
    const run = await context.with(trace.setSpan(context.active(), span), () => traceOfRun({ traceparent: told }));
    span.end();
    const place: SpanContext = span.spanContext();
    return { place, run, start: exporter.getFinishedSpans().find(({ name }) => name.startsWith('StartWorkflow')) };
  }
  beforeAll(() => {
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  });

  it('begins the run in the span that is active, and needs no traceparent for it', async () => {
    const { place, run, start } = await inSpan();

    expect(start).toMatchObject({ name: 'StartWorkflow:orderCreation', parentSpanContext: { spanId: place.spanId } });
    expect(run).toEqual({ header: start && traceparentOf(start.spanContext()), memo: traceparentOf(place) });
  });

  it('goes by the active span before a traceparent, which stands in the memo all the same', async () => {
    const { place, run, start } = await inSpan(traceparent);

    expect(start?.spanContext().traceId).toBe(place.traceId);
    expect(run).toEqual({ header: start && traceparentOf(start.spanContext()), memo: traceparent });
  });

  it('tells nothing of an order but its workflow and run, and meets a run that is there without an error', async () => {
    const request = newPickupRequest();
    await orders.createOrder(request, { timeoutMs: 0 });
    exporter.reset();

    await orders.createOrder(request, { timeoutMs: 0 });

    const [start, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    expect(start?.attributes).toEqual({
      temporalWorkflowId: `order-creation-${request.idempotency_key}`,
      'error.type': 'WorkflowExecutionAlreadyStartedError',
    });
    expect(start).toMatchObject({ status: { code: 0 }, events: [] });
  });
});

/** Begins an order, without a worker, and reads what its run knows about a trace. */
async function traceOfRun({ traceparent: told }: { traceparent: string | undefined }) {
  const request = newPickupRequest();
  await orders.createOrder(request, { timeoutMs: 0, ...(told !== undefined && { traceparent: told }) });
  const handle = operator.workflow.getHandle(`order-creation-${request.idempotency_key}`);
  const [started] = (await handle.fetchHistory()).events ?? [];
  const data = started?.workflowExecutionStartedEventAttributes?.header?.fields?.[TRACE_HEADER]?.data;
  const header = data ? (JSON.parse(Buffer.from(data).toString()) as { traceparent: string }).traceparent : undefined;
  return { header, memo: (await handle.describe()).memo?.['traceparent'] };
}
