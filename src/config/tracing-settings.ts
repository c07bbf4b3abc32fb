import { z } from 'zod';
import { httpUrl } from './environment.ts';

/** One or more, separated by commas, special characters percent-encoded. One that is malformed would spoil them all. */
const ATTRIBUTES = /^[^\s=,]+=[^=,]+(,\s*[^\s=,]+=[^=,]+)*$/;
/** The same, though a credential may well end with an equals sign. */
const HEADERS = /^[^\s=,]+=[^,]+(,\s*[^\s=,]+=[^,]+)*$/;

/**
 * OpenTelemetry's own variables, of which it reads the values by itself
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables). They stand here so that one that it
 * would pass over in silence is told of.
 */
export const tracingVariables = z.object({
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .literal('http/protobuf', 'must be http/protobuf, the only one that is spoken')
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

/** @returns whether traces are wanted: somebody has said where they go. */
export function readTracing(variables: z.output<typeof tracingVariables>): boolean {
  const endpoint = variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? variables.OTEL_EXPORTER_OTLP_ENDPOINT;
  return endpoint !== undefined && variables.OTEL_SDK_DISABLED !== 'true';
}
