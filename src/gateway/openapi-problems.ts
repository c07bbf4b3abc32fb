import { z } from 'zod';
import type { ZodOpenApiResponseObject } from 'zod-openapi';
import { failures } from '../domain/failures.ts';
import { PROBLEM_CONTENT_TYPE } from '../runtime/problem.ts';
import { problemEntry } from './problem-codes.ts';
import type { ProblemCode } from './problem-codes.ts';
import { gatewayProblems } from './problem.ts';
import { problemSchema } from './response-bodies.ts';
import type { CreatedOrder } from './response-bodies.ts';

// Problem documents in the OpenAPI document, and the headers and examples that other answers use too.

export const exampleKey = '6d8f5f0e-8c3e-4a53-9a68-0b1a1f2c7d11';
export const exampleOrder: CreatedOrder = {
  order_id: 'bdb8f1ce-6865-5e82-8453-e6f4952b2cfa',
  ridendine_order_id: 'rnd_98daedad5b37534f8fe27813',
  payment_session_id: 'ps_c5333cd4278375f52051cfc55cf43736',
  status: 'PENDING_PAYMENT',
  payment_status: 'PENDING',
};

export const header = {
  requestId: z.string().meta({ description: 'Yours, if it was well-formed, or a new one. It is in our logs.' }),
  retryAfter: z.string().regex(/^\d+$/).meta({ description: 'Seconds to wait before asking again.' }),
  location: z.string().meta({ description: 'Where to ask how the order stands.' }),
  allow: z.string().meta({ description: 'The methods that the address knows.' }),
  replayed: z.literal('true').meta({ description: 'Another request with this key began the order.' }),
};
export const onEveryAnswer = { 'X-Request-Id': header.requestId };

/** The schemas of problem documents, by their name in the OpenAPI document. */
const problemSchemas = new Map<string, z.ZodType>();

/** One response for each status, with an example for each code that it may carry. */
export function problemResponses(
  operationId: string,
  codes: ProblemCode[],
): Record<`${4 | 5}${string}`, ZodOpenApiResponseObject> {
  const byStatus = Map.groupBy(codes, (code) => problemEntry(code).status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => {
      const isRetryable = ofStatus.some((code) => problemEntry(code).retryable);
      return [
        String(status),
        {
          description: ofStatus.map((code) => `${code}: ${problemEntry(code).title}`).join('\n\n'),
          headers: z.object({
            ...onEveryAnswer,
            ...(isRetryable && { 'Retry-After': header.retryAfter.optional() }),
            ...(status === 401 && { 'WWW-Authenticate': z.literal('Bearer') }),
            ...(status === 405 && { Allow: header.allow }),
          }),
          content: {
            [PROBLEM_CONTENT_TYPE]: {
              schema: problemSchemaOf(operationId, status, ofStatus),
              examples: Object.fromEntries(ofStatus.map((code) => [code, { value: problemExample(code) }])),
            },
          },
        },
      ];
    }),
  );
}

/**
 * If a status has only one code, all operations share its schema, and generated clients its type. Otherwise the schema
 * belongs to the operation and the status.
 */
function problemSchemaOf(operationId: string, status: number, codes: ProblemCode[]): z.ZodType {
  const [first = '', ...others] = codes;
  const id =
    others.length === 0 ? `${first}Problem` : `${operationId[0]?.toUpperCase()}${operationId.slice(1)}Problem${status}`;
  const schema =
    problemSchemas.get(id) ?? problemSchema.extend({ status: z.literal(status), code: z.enum(codes) }).meta({ id });
  problemSchemas.set(id, schema);
  return schema;
}

function problemExample(code: ProblemCode) {
  const { title: detail } = problemEntry(code);
  if (code === 'QuoteAlreadyUsed') {
    const used_by = { order_id: exampleOrder.order_id, idempotency_key: exampleKey };
    const named = `Another live order was made from the quote: order ${used_by.order_id}.`;
    return gatewayProblems.response({ code, detail: named, members: { used_by } }).body;
  }
  if (code !== 'CheckoutInvalid') return gatewayProblems.response({ code, detail }).body;
  return gatewayProblems.response({
    code,
    detail,
    problems: [
      { code: 'CheckoutInvalid', field: 'shipping_snapshot.lat', detail: 'A latitude is a number from -90 to 90.' },
      { code: 'QuoteExpired', field: 'quote_id', detail: failures.QuoteExpired.meaning },
    ],
  }).body;
}
