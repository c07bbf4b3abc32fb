import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { gatewayVariables } from '../../src/config/gateway-settings.ts';
import { openApiDocument } from '../../src/gateway/openapi.ts';
import { problemCodes, problemEntry } from '../../src/gateway/problem-codes.ts';
import { problemType } from '../../src/runtime/problem.ts';
import {
  createdOrderSchema,
  orderInProgressSchema,
  orderViewSchema,
  problemSchema,
} from '../../src/gateway/response-bodies.ts';

const page = readFileSync(new URL('../../docs/gateway.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```json (\d{3})\n(.*?)^```$/gms)].map(([, status, json = '']) => ({
  status: Number(status),
  body: JSON.parse(json) as unknown,
}));

const schemaOf: Record<number, z.ZodObject | typeof orderViewSchema> = {
  200: orderViewSchema,
  201: createdOrderSchema,
  202: orderInProgressSchema,
};

describe('docs/gateway.md', () => {
  it('says of every status that the OpenAPI document knows what to do', () => {
    const documented = Object.values(openApiDocument().paths ?? {}).flatMap((path) =>
      Object.values(path as Record<string, { responses: object }>).flatMap(({ responses }) => Object.keys(responses)),
    );
    const table = /^\| answer .*?\n\n/ms.exec(page)?.[0] ?? '';
    const named = new Set([...table.matchAll(/`(\d{3})`/g)].map(([, status]) => status));

    expect(table).toContain('| other `4xx` ');
    expect(documented.filter((status) => !status.startsWith('4') && !named.has(status))).toEqual([]);
    const sentAgain = problemCodes.filter((code) => problemEntry(code).retryable);
    expect(sentAgain.filter((code) => !named.has(String(problemEntry(code).status)))).toEqual([]);
  });

  it('shows an answer that is done, one that is not, and a refusal', () => {
    expect(new Set(examples.map(({ status }) => status))).toEqual(new Set([200, 201, 202, 409, 422]));
  });

  it.each(examples)('has an example of $status that the gateway could answer', ({ status, body }) => {
    expect((schemaOf[status] ?? z.strictObject(problemSchema.shape)).parse(body)).toEqual(body);
  });

  it.each(examples.filter(({ status }) => status >= 400))('has a $status that says what its code says', (example) => {
    const problem = problemSchema.parse(example.body);
    const { title, retryable, status } = problemEntry(problem.code);

    expect(status).toBe(example.status);
    expect(problem).toMatchObject({ status, title, retryable, type: problemType(problem.code) });
  });

  it('names no setting that is none', () => {
    const named = new Set([...page.matchAll(/GATEWAY_[A-Z_]+/g)].map(([name]) => name));

    expect([...named].filter((name) => !(name in gatewayVariables.shape))).toEqual([]);
  });
});
