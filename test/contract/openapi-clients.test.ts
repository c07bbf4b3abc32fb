import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { openApiDocument } from '../../src/gateway/openapi.ts';
import { baseEnvironment } from '../../stack/child-environment.ts';
import { findOpenApiTools, findPythonGenerator } from '../support/find-openapi-tools.ts';
import { startGatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import type { GatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import { validateWithFittingQuote } from '../support/quotes-for-all.ts';

/** The first run fetches the tools. */
const START_TIMEOUT_MS = 600_000;
const RUN_MS = 120_000;
const callers = fileURLToPath(new URL('../support/generated-clients', import.meta.url));

let folder: string;
let document: string;
/** The folder of the tools from npm. */
let modules: string;
beforeAll(async () => {
  modules = await findOpenApiTools();
  await findPythonGenerator(process.env);
  folder = await mkdtemp(path.join(tmpdir(), 'openapi-clients-'));
  document = path.join(folder, 'openapi.json');
  await writeFile(document, JSON.stringify(openApiDocument(), null, 2));
}, START_TIMEOUT_MS);
afterAll(async () => {
  if (folder) await rm(folder, { recursive: true });
});

interface Run {
  exitCode: number | undefined;
  output: string;
}

async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<Run> {
  const options = { cwd: folder, extendEnv: false, reject: false, all: true, timeout: RUN_MS } as const;
  const { exitCode, all } = await execa(command, args, {
    ...options,
    env: { ...baseEnvironment(process.env), ...env },
  });
  return { exitCode, output: all };
}

/** Runs a program of the npm tools. */
function runTool(name: string, args: string[], env: Record<string, string> = {}): Promise<Run> {
  return run(process.execPath, [path.join(modules, '.bin', name), ...args], env);
}

const done = { exitCode: 0, output: expect.any(String) };

describe('the OpenAPI document', () => {
  it(
    'breaks none of the rules that redocly recommends',
    async () => {
      const linted = await runTool('redocly', ['lint', '--extends=recommended', '--format=json', document], {
        REDOCLY_TELEMETRY: 'off',
        REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
      });

      expect(linted).toEqual(done);
      expect(linted.output).toContain('"problems": []');
    },
    RUN_MS,
  );

  it(
    'breaks none of the rules of spectral:oas',
    async () => {
      const ruleset = path.join(folder, 'ruleset.json');
      await writeFile(ruleset, JSON.stringify({ extends: ['spectral:oas'] }));

      const linted = await runTool('spectral', ['lint', '--ruleset', ruleset, '--fail-severity=hint', document]);

      expect(linted).toEqual({ exitCode: 0, output: expect.stringContaining('No results') });
    },
    RUN_MS,
  );
});

describe('a client that is made from the OpenAPI document', () => {
  let gateway: GatewayOnTemporal;
  beforeAll(async () => {
    gateway = await startGatewayOnTemporal({}, { validateCheckout: validateWithFittingQuote });
    await gateway.startTemporal();
    await gateway.startWorker();
  }, 120_000);
  afterAll(() => gateway?.stop());

  /** Expects the answers that each caller must see. */
  function expectAnswers(output: string): void {
    const seen = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { what: string; seen: object });
    const { ridendine_order_id, payment_session_id } = gateway.scenario.link;
    const order = { order_id: gateway.scenario.orderId, ridendine_order_id, payment_session_id };
    const usual = { replayed: false, retryAfter: false };
    expect(seen).toMatchObject([
      { ...usual, what: 'delivery', status: 201, seen: order },
      { ...usual, what: 'again', status: 200, replayed: true, seen: order },
      { ...usual, what: 'pickup', status: 201, seen: order },
      { ...usual, what: 'unwaited', status: 202, retryAfter: true, seen: { state: 'IN_PROGRESS' } },
      { ...usual, what: 'off the map', status: 422, seen: { status: 422, code: 'CheckoutInvalid', retryable: false } },
      { ...usual, what: 'stranger', status: 401, seen: { status: 401, code: 'Unauthorized', retryable: false } },
      { ...usual, what: 'look', status: 200, seen: { state: 'SUCCEEDED', payment_session_id } },
      { ...usual, what: 'unknown', status: 404, seen: { code: 'OrderNotFound' } },
    ]);
  }

  it(
    'by openapi-typescript compiles strictly, places each kind of order and reads each answer',
    async () => {
      await symlink(modules, path.join(folder, 'node_modules'));
      await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
      await copyFile(path.join(callers, 'caller.ts.txt'), path.join(folder, 'caller.ts'));

      const made = await runTool('openapi-typescript', [document, '--output', path.join(folder, 'gateway-api.d.ts')]);
      const compiled = await runTool('tsc', [
        '--strict',
        '--noUncheckedIndexedAccess',
        '--exactOptionalPropertyTypes',
        '--target',
        'es2024',
        '--lib',
        'es2024,dom,dom.iterable',
        '--module',
        'nodenext',
        'caller.ts',
      ]);
      const called = await run(process.execPath, ['caller.js'], {
        GATEWAY_URL: gateway.url,
        GATEWAY_KEY: gateway.apiKey,
      });

      expect([made, compiled, called]).toEqual([done, done, done]);
      expectAnswers(called.output);
    },
    3 * RUN_MS,
  );

  it(
    'by openapi-python-client passes mypy, places each kind of order and reads each answer',
    async () => {
      const { command, env, packages } = await findPythonGenerator(process.env);
      const config = path.join(folder, 'config.json');
      // Without this, the generator would format its output with a program on the PATH.
      await writeFile(config, JSON.stringify({ post_hooks: [], package_name_override: 'gateway_api' }));
      await copyFile(path.join(callers, 'caller.py'), path.join(folder, 'caller.py'));
      const withClient = { ...env, PYTHONPATH: [folder, packages].join(path.delimiter) };

      const made = await run(
        command,
        [
          '-m',
          'openapi_python_client',
          'generate',
          '--meta=none',
          '--fail-on-warning',
          `--path=${document}`,
          `--config=${config}`,
          `--output-path=${path.join(folder, 'gateway_api')}`,
        ],
        env,
      );
      const checked = await run(command, ['-m', 'mypy', '--strict', 'caller.py'], withClient);
      const called = await run(command, ['caller.py'], {
        ...withClient,
        GATEWAY_URL: gateway.url,
        GATEWAY_KEY: gateway.apiKey,
      });

      expect([made, checked, called]).toEqual([done, done, done]);
      expectAnswers(called.output);
    },
    3 * RUN_MS,
  );
});
