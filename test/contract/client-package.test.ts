import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { createOrderWorker } from '../support/order-worker.ts';
import type { OrderWorker } from '../support/order-worker.ts';
import { testEncryptionKeys } from '../support/test-encryption.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const NAME = '@cooco/order-creation-client';
const PROGRAM_TIMEOUT_MS = 120_000;
const INSTALL_TIMEOUT_MS = 180_000;
/** The packages that the library needs were fetched for this project, so most of them come from npm's own cache. */
const INSTALL_OPTIONS = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];

const manifestSchema = z.object({
  name: z.literal(NAME),
  engines: z.object({ node: z.string() }),
  exports: z.record(z.string(), z.unknown()),
  dependencies: z.record(z.string(), z.string()),
});
const versions = z.record(z.string(), z.string());
const projectSchema = z.object({ dependencies: versions, devDependencies: versions });

/** The folder of a project that has only the package, installed as anybody would install it. */
let consumer: string;
let manifest: z.output<typeof manifestSchema>;

beforeAll(async () => {
  consumer = await realpath(await mkdtemp(join(tmpdir(), 'client-package-')));
  const packed = await execa(process.execPath, ['scripts/pack-client.ts', join(consumer, 'packed')], { cwd: root });
  await writeFile(join(consumer, 'package.json'), '{"private":true}');
  await execa('npm', ['install', ...INSTALL_OPTIONS, packed.stdout.trim()], {
    cwd: consumer,
    // As in a terminal, without the variables that npm and Jest have set.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$/i.test(name))),
    extendEnv: false,
  });
  const installed = join(consumer, 'node_modules', NAME, 'package.json');
  manifest = manifestSchema.parse(JSON.parse(await readFile(installed, 'utf8')));
}, INSTALL_TIMEOUT_MS);
afterAll(() => rm(consumer, { recursive: true, force: true }));

describe('the packed client library', () => {
  it('asks for what it imports, in the versions of this project, and for nothing of the worker or the gateway', async () => {
    const project = projectSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));

    expect(Object.keys(manifest.dependencies).toSorted()).toEqual([
      '@opentelemetry/api',
      '@temporalio/client',
      '@temporalio/common',
      '@temporalio/proto',
      '@types/ms',
      '@types/node',
      'canonicalize',
      'zod',
    ]);
    expect({ ...project.devDependencies, ...project.dependencies }).toMatchObject(manifest.dependencies);
  });

  it('holds the library, its types and its document, and nothing else of the project', async () => {
    const files = await readdir(join(consumer, 'node_modules', NAME), { recursive: true, withFileTypes: true });
    const folders = new Set(
      files
        .filter((file) => file.isFile())
        .map(({ parentPath }) => parentPath.slice(join(consumer, 'node_modules', NAME).length)),
    );

    expect(folders).toEqual(
      new Set([
        '',
        ...['client', 'contract', 'domain', 'runtime', 'telemetry', 'temporal'].map((name) => `/dist/${name}`),
      ]),
    );
    await expect(readFile(join(consumer, 'node_modules', NAME, 'README.md'), 'utf8')).resolves.toBe(
      await readFile(join(root, 'docs/client.md'), 'utf8'),
    );
  });

  it.each(['README.md', 'docs/client.md'])('needs the Node.js that %s says', async (document) => {
    const [, version = ''] = /^>=(\d+\.\d+)$/.exec(manifest.engines.node) ?? [];

    const text = (await readFile(join(root, document), 'utf8')).replaceAll(/\s+/g, ' ');

    expect(text.match(/Node\.js [\d.]+ or newer/g)).toContain(`Node.js ${version} or newer`);
  });

  it('lets nobody import its inside', async () => {
    const program = await write('inside.mjs', `import '${NAME}/dist/client/errors.js';`);

    const { exitCode, stderr } = await run(program);

    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

describe('a program with the packed client library', () => {
  let temporal: EmbeddedTemporal;
  let worker: OrderWorker;
  beforeAll(async () => {
    temporal = await startEmbeddedTemporal();
    worker = await createOrderWorker(temporal.settings);
    await worker.start();
  }, 240_000);
  afterAll(async () => {
    await worker.stop();
    await temporal.stop();
  });

  /** A program that creates an order, meets an error, and ends by itself. */
  const body = `
    const orders = OrderCreationClient.connect(JSON.parse(process.argv[2]));
    const main = async () => {
      const outcome = await orders.createOrder(JSON.parse(process.argv[3]), { timeoutMs: 20000 });
      const error = await orders.getOrder(process.argv[4]).catch((thrown) => thrown);
      await orders.close();
      console.log(JSON.stringify({
        outcome,
        code: error.code,
        isIts: [error instanceof OrderNotFoundError, error instanceof OrderCreationError, isOrderCreationError(error)],
      }));
    };
    main();`;
  const names = 'OrderCreationClient, OrderCreationError, OrderNotFoundError, isOrderCreationError';

  it.each([
    ['an ES module', 'order.mjs', `import { ${names} } from '${NAME}';${body}`],
    ['CommonJS', 'order.cjs', `const { ${names} } = require('${NAME}');${body}`],
  ])('as %s creates an order, recognises its errors and ends', async (_what, file, source) => {
    const { request, orderId, link: ids } = worker.newScenario();
    const program = await write(file, source);

    const { stdout, stderr } = await run(
      program,
      JSON.stringify({ ...temporal.settings, encryptionKeys: testEncryptionKeys }),
      JSON.stringify(request),
      randomUUID(),
    );

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: { state: 'SUCCEEDED', order_id: orderId, ...ids, replayed: false },
      code: 'OrderNotFound',
      isIts: [true, true, true],
    });
  });
});

describe('the types of the packed client library', () => {
  // Temporal's own declarations fail with `exactOptionalPropertyTypes`, so they are not checked with that option. Our
  // declarations pass.
  it.each([
    ['every declaration checked', 'samples.mts', ['--skipLibCheck', 'false']],
    ['from CommonJS, optional properties exact', 'samples.cts', ['--skipLibCheck', '--exactOptionalPropertyTypes']],
  ])('fit the samples of docs/client.md: %s', async (_what, file, options) => {
    const samples = await samplesOf('docs/client.md');
    expect(samples.length).toBeGreaterThan(3);

    const { all } = await check(file, samples.join('\n'), options);

    expect(all).toBe('');
  });

  it('fit the samples of every document, and there is one in README.md', async () => {
    const documents = [
      'README.md',
      ...(await readdir(join(root, 'docs'), { recursive: true }))
        .filter((name) => name.endsWith('.md'))
        .map((name) => join('docs', name)),
    ];
    const faults: string[] = [];
    const withSamples: string[] = [];
    for (const document of documents) {
      const samples = (await samplesOf(document)).join('\n');
      if (samples === '') continue;
      withSamples.push(document);
      const { all } = await check(`${document.replaceAll(/[/.]/g, '-')}.mts`, samples);
      if (all !== '') faults.push(`${document}: ${all}`);
    }

    expect(faults).toEqual([]);
    expect(withSamples).toEqual(expect.arrayContaining(['README.md', 'docs/client.md']));
  });

  it('tell of a wrong field, a time that is missing and an outcome that is not looked at', async () => {
    const { all } = await check(
      'mistakes.mts',
      `import { OrderCreationClient } from '${NAME}';
      const orders = OrderCreationClient.connect({ address: '127.0.0.1:7233', namespace: 'default', encryptionKeys: 'off' });
      const request = { customer_id: '', quote_id: '', fulfillment_method: 'PICKUP', idempotency_key: '' } as const;
      await orders.createOrder({ ...request, fulfillment_method: 'DRONE' }, { timeoutMs: 1 });
      await orders.createOrder(request, {});
      const outcome = await orders.createOrder(request, { timeoutMs: 1 });
      outcome.replayed;`,
    );

    expect([...(all ?? '').matchAll(/mistakes\.mts\((\d+),/g)].map(([, line]) => line)).toEqual(['4', '5', '7']);
  });
});

async function write(file: string, source: string): Promise<string> {
  const place = join(consumer, file);
  await writeFile(place, source);
  return place;
}

async function run(program: string, ...args: string[]) {
  return await execa(process.execPath, [program, ...args], {
    cwd: consumer,
    reject: false,
    timeout: PROGRAM_TIMEOUT_MS,
    // Without the options that Jest gives to Node.
    env: { NODE_OPTIONS: '' },
  });
}

async function check(file: string, source: string, options: string[] = []) {
  const places = [await write(file, source)];
  const usual = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
  return await execa(join(root, 'node_modules/.bin/tsc'), [...usual, ...options, ...places], {
    cwd: consumer,
    reject: false,
    all: true,
    timeout: PROGRAM_TIMEOUT_MS,
  });
}

/** The TypeScript samples of a document. */
async function samplesOf(document: string): Promise<string[]> {
  const text = await readFile(join(root, document), 'utf8');
  return [...text.matchAll(/^```ts(?: \w+)?\n(.*?)^```$/gms)].map(([, sample = '']) => sample);
}
