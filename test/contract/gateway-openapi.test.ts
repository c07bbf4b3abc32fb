import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { problemCodes, problemEntry } from '../../src/gateway/problem-codes.ts';
import { openApiDocument } from '../../src/gateway/openapi.ts';
import {
  decisionOutcomeSchema,
  decisionSchemas,
  manyDecidedSchema,
  orderStateSchema,
} from '../../src/gateway/operator-bodies.ts';
import {
  createdOrderSchema,
  healthSchema,
  orderViewSchema,
  problemSchema,
  readinessSchema,
} from '../../src/gateway/response-bodies.ts';
import { findSchemathesis } from '../support/find-schemathesis.ts';
import { startGatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import type { GatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import { validateWithFittingQuote } from '../support/quotes-for-all.ts';

/** The first run fetches Schemathesis. */
const START_TIMEOUT_MS = 360_000;
const operatorKey = randomUUID();
/** How many requests are generated for each address, besides those that cover its schema. */
const EXAMPLES = 100;
/** Ten times the usual time, for a busy machine. */
const GENERATING_MS = 300_000;

interface Documented {
  content?: Record<string, { examples?: Record<string, { value: unknown }> }>;
}
const document = openApiDocument();
const responses = Object.values(document.paths ?? {}).flatMap((path) =>
  Object.values(path as Record<string, { responses: Record<string, Documented> }>).flatMap((operation) =>
    Object.entries(operation.responses).map(([status, response]) => ({ status: Number(status), response })),
  ),
);
const examples = responses.flatMap(({ status, response }) =>
  Object.entries(response.content ?? {}).flatMap(([type, content]) =>
    Object.entries(content.examples ?? {}).map(([name, { value }]) => ({ status, type, name, value })),
  ),
);

describe('the OpenAPI document', () => {
  it('has an example of every problem, under the status that it is answered with', () => {
    const shown = examples.filter(({ type }) => type === 'application/problem+json');

    expect(new Set(shown.map(({ name }) => name))).toEqual(new Set(problemCodes));
    expect(shown.filter(({ name, status }) => status !== problemEntry(name as never).status)).toEqual([]);
  });

  it('has examples that are what the gateway answers', () => {
    const bodies = [
      createdOrderSchema,
      decisionOutcomeSchema,
      manyDecidedSchema,
      orderStateSchema,
      orderViewSchema,
      healthSchema,
      readinessSchema,
    ];
    const misfits = examples.filter(({ type, value }) => {
      const schemas = type === 'application/problem+json' ? [problemSchema] : bodies;
      return !schemas.some((schema) => schema.safeParse(value).success);
    });

    expect(misfits).toEqual([]);
  });

  it('has a schema of every decision', () => {
    const { schemas = {} } = document.components ?? {};
    const { discriminator } = schemas['Decision'] as { discriminator: { mapping: object } };

    expect(Object.keys(discriminator.mapping).toSorted()).toEqual(Object.keys(decisionSchemas).toSorted());
  });

  it('describes every answer: its body, its headers', () => {
    const bare = responses.filter(({ response }) => Object.keys(response.content ?? {}).length === 0);

    expect(bare).toEqual([]);
  });
});

describe('requests that Schemathesis makes from the document', () => {
  let gateway: GatewayOnTemporal;
  let folder: string;

  beforeAll(async () => {
    await findSchemathesis(process.env);
    folder = await mkdtemp(join(tmpdir(), 'schemathesis-'));
    // Every checkout has a fitting quote, so only a checkout that breaks a documented rule is refused.
    gateway = await startGatewayOnTemporal(
      { OPERATOR_API_KEYS: operatorKey },
      { validateCheckout: validateWithFittingQuote },
    );
    await gateway.startTemporal();
    await gateway.startWorker();
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await gateway?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  it.each([
    ['a caller of orders', () => gateway.apiKey, [], 200],
    ['an operator', () => operatorKey, ['--include-path-regex=^/v1/operations'], 100],
  ])(
    'with the key of %s are answered as the document says, and none by a failure of the gateway',
    async (_who, key, further, fewest) => {
      const { command, args, env } = await findSchemathesis(process.env);

      const run = await execa(
        command,
        [
          ...args,
          'run',
          `${gateway.url}/openapi.json`,
          `--header=Authorization: Bearer ${key()}`,
          ...further,
          '--checks=all',
          // Whether a valid checkout is accepted depends on what its key and its quote were used for before.
          '--exclude-checks=positive_data_acceptance',
          '--phases=examples,coverage,fuzzing',
          `--max-examples=${EXAMPLES}`,
          '--seed=20261123',
          '--generation-database=none',
          // With several threads, Python 3.11 and 3.12 can fail to parse:
          // https://github.com/python/cpython/issues/106905
          '--workers=1',
          '--no-color',
        ],
        { cwd: folder, env, extendEnv: false, reject: false, all: true, timeout: GENERATING_MS },
      );

      const [summary] = /\d+ generated.*/.exec(run.all) ?? ['nothing generated'];
      const seconds = (run.durationMs / 1000).toFixed(0);
      process.stdout.write(`Schemathesis: ${summary} in ${seconds} s\n`);
      if (run.exitCode !== 0) throw new Error(run.all);
      expect(Number.parseInt(summary, 10)).toBeGreaterThan(fewest);
    },
    GENERATING_MS + 10_000,
  );
});
