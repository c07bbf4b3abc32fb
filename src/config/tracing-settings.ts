import { z } from 'zod';
import { httpUrl } from './environment.ts';

/**
 * One or more attributes, separated by commas, with special characters percent-encoded. If one is malformed,
 * OpenTelemetry discards all of them.
 */
const ATTRIBUTES = /^[^\s=,]+=[^=,]+(,\s*[^\s=,]+=[^=,]+)*$/;
/** The same for headers, whose values may have equals signs: a credential often ends with one. */
const HEADERS = /^[^\s=,]+=[^,]+(,\s*[^\s=,]+=[^,]+)*$/;

/**
 * OpenTelemetry's own variables. OpenTelemetry reads the values itself
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables). They are checked here, because it
 * ignores wrong values silently.
 */
export const tracingVariables = z.object({
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .literal('http/protobuf', 'must be http/protobuf, the only supported protocol')
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(HEADERS, 'must be headers such as name=value, separated by commas')
    .optional(),
  OTEL_SDK_DISABLED: z.enum(['true', 'false'], 'must be true or false').optional(),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_RESOURCE_ATTRIBUTES: z
    .string()
    .regex(ATTRIBUTES, 'must be attributes such as name=value, separated by commas')
    .optional(),
  OTEL_TRACES_SAMPLER: z
    .enum(
      [
        'always_on',
        'always_off',
        'traceidratio',
        'parentbased_always_on',
        'parentbased_always_off',
        'parentbased_traceidratio',
      ],
      'must be always_on, always_off or traceidratio, or one of them after parentbased_',
    )
    .optional(),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a number from 0 to 1')
    .optional(),
});

/** @returns whether to export traces: an endpoint is set, and OpenTelemetry is not disabled. */
export function readTracing(variables: z.output<typeof tracingVariables>): boolean {
  const endpoint = variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? variables.OTEL_EXPORTER_OTLP_ENDPOINT;
  return endpoint !== undefined && variables.OTEL_SDK_DISABLED !== 'true';
}
