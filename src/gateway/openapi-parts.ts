import { z } from 'zod';
import { exampleKey } from './openapi-problems.ts';
import type { ProblemCode } from './problem-codes.ts';

// What several operations of the OpenAPI document share, beside their problems.

export const json = (schema: z.ZodType, examples: Record<string, unknown>) => ({
  'application/json': { schema, examples: mapValues(examples, (value) => ({ value })) },
});

/** Problems that every operation can answer with: a request is refused before its route runs, or the gateway fails. */
export const anywhere: ProblemCode[] = [
  'MalformedRequest',
  'MethodNotAllowed',
  'RequestTimeout',
  'PayloadTooLarge',
  'UnsupportedMediaType',
  'HeadersTooLarge',
  'InternalError',
];
const uuid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';
export const keyHeader = z
  .string()
  // Not `format: uuid`: code generators turn it into a UUID type, and headers do not accept that type.
  .regex(new RegExp(`^(${uuid}|"${uuid}")$`))
  .meta({
    description:
      'A UUID, bare or quoted: new for each checkout, and the same for every time that this checkout is sent.',
    example: exampleKey,
  });
export const traceHeadersWith = (use: string) => ({
  'X-Request-Id': z
    .string()
    .optional()
    .meta({ description: 'Letters, digits, _, . and -, at most 128; anything else is replaced.' }),
  traceparent: z
    .string()
    .optional()
    .meta({ description: `W3C Trace Context; ${use}.` }),
});

function mapValues<From, To>(values: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
