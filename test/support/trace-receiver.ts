import protobuf from 'protobufjs';
import { z } from 'zod';
import { startHttpServer } from './loopback-servers.ts';
import type { LoopbackServer, ReceivedRequest } from './loopback-servers.ts';

/** A collector of traces. It records what it receives by OTLP over HTTP, as protobuf. */
export interface TraceReceiver extends LoopbackServer {
  /** The raw requests, for tests that look for things that must not be in them. */
  requests: ReceivedRequest[];
  spans(): ReceivedSpan[];
  /** From now on no request gets an answer. */
  neverAnswer(): void;
}

export interface ReceivedSpan {
  service: unknown;
  name: string;
  kind: string;
  traceId: string;
  spanId: string;
  /** Empty for the first span of a trace. */
  parentSpanId: string;
  startNs: bigint;
  endNs: bigint;
  attributes: Record<string, unknown>;
  events: unknown[];
  status: { code: string; message: string };
}

/** The parts of opentelemetry-proto 1.x that we read, with its field numbers: trace/v1/trace.proto and its imports. */
const EXPORT_REQUEST = protobuf
  .parse(
    `syntax = "proto3";
    message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
    message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
    message Resource { repeated KeyValue attributes = 1; }
    message ScopeSpans { repeated Span spans = 2; }
    message Span {
      bytes trace_id = 1;
      bytes span_id = 2;
      bytes parent_span_id = 4;
      string name = 5;
      SpanKind kind = 6;
      fixed64 start_time_unix_nano = 7;
      fixed64 end_time_unix_nano = 8;
      repeated KeyValue attributes = 9;
      repeated Event events = 11;
      Status status = 15;
    }
    enum SpanKind { UNSPECIFIED = 0; INTERNAL = 1; SERVER = 2; CLIENT = 3; PRODUCER = 4; CONSUMER = 5; }
    message Event { string name = 2; repeated KeyValue attributes = 3; }
    message Status { string message = 2; StatusCode code = 3; }
    enum StatusCode { UNSET = 0; OK = 1; ERROR = 2; }
    message KeyValue { string key = 1; AnyValue value = 2; }
    message AnyValue {
      oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; }
    }`,
  )
  .root.lookupType('ExportTraceServiceRequest');

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]])));
const hex = z
  .string()
  .default('')
  .transform((base64) => Buffer.from(base64, 'base64').toString('hex'));

const exportRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: hex,
              spanId: hex,
              parentSpanId: hex,
              name: z.string(),
              kind: z.string(),
              startTimeUnixNano: z.coerce.bigint(),
              endTimeUnixNano: z.coerce.bigint(),
              attributes,
              events: z.array(z.unknown()).default([]),
              status: z.object({ code: z.string().default('UNSET'), message: z.string().default('') }).prefault({}),
            }),
          ),
        }),
      ),
    }),
  ),
});

export async function startTraceReceiver(): Promise<TraceReceiver> {
  let answers = true;
  const server = await startHttpServer((response) => {
    if (answers) response.writeHead(200).end();
  });
  return {
    ...server,
    spans: () => server.requests.flatMap(({ body }) => spansIn(body)),
    neverAnswer() {
      answers = false;
    },
  };
}

function spansIn(body: Buffer): ReceivedSpan[] {
  const decoded = EXPORT_REQUEST.toObject(EXPORT_REQUEST.decode(body), { bytes: String, longs: String, enums: String });
  return exportRequest.parse(decoded).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ startTimeUnixNano: startNs, endTimeUnixNano: endNs, ...span }) => ({
        service: resource.attributes['service.name'],
        ...span,
        startNs,
        endNs,
      })),
    ),
  );
}
