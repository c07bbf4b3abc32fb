import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { exampleKey, onEveryAnswer, problemResponses } from './openapi-problems.ts';
import type { ProblemCode } from './problem-codes.ts';

// What several operations of the OpenAPI document share, beside their problems.

/** An operation. `answers` are those without a problem, and `problems` those with one, beside {@link anywhere}. */
export function operation(
  operationId: string,
  tag: keyof typeof securityOf,
  { summary, description, answers, problems = [], ...request }: Operation,
): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: [tag],
    summary,
    description,
    security: securityOf[tag],
    ...request,
    responses: { ...answers, ...problemResponses(operationId, [...anywhere, ...problems]) },
  };
}

interface Operation extends Pick<ZodOpenApiOperationObject, 'requestParams' | 'requestBody'> {
  summary: string;
  description: string;
  answers: Record<`2${string}`, ZodOpenApiResponseObject>;
  problems?: ProblemCode[];
}

/** The credential for the operations of each tag. */
const securityOf = { Orders: [{ bearer: [] }], Operators: [{ operator: [] }], Monitoring: [] };

/** Problems that every operation can answer with: a request is refused before its route runs, or the gateway fails. */
const anywhere: ProblemCode[] = [
  'MalformedRequest',
  'MethodNotAllowed',
  'RequestTimeout',
  'PayloadTooLarge',
  'UnsupportedMediaType',
  'HeadersTooLarge',
  'InternalError',
];

/** @param headers those that only this answer has. */
export function answer(
  description: string,
  content: NonNullable<ZodOpenApiResponseObject['content']>,
  headers: Record<string, z.ZodType> = {},
): ZodOpenApiResponseObject {
  return { description, headers: z.object({ ...onEveryAnswer, ...headers }), content };
}

export const json = (schema: z.ZodType, examples: Record<string, unknown>) => ({
  'application/json': {
    schema,
    examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])),
  },
});

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
