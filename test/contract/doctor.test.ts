import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import pWaitFor from 'p-wait-for';
import { orderCreationStart } from '../../src/contract/runs.ts';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { freePort } from '../support/free-port.ts';
import { newCheckoutRequest, newPickupRequest } from '../support/builders.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { newNamespace } from '../support/new-namespace.ts';
import { createOrderWorker } from '../support/order-worker.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import { startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { runProgram } from '../support/run-program.ts';
import { startSandbox } from '../support/running-sandbox.ts';
import type { RunningSandbox } from '../support/running-sandbox.ts';
import { startTemporalFront } from '../support/temporal-front.ts';
import { newEncryptionKey, testEncryptionKeys } from '../support/test-encryption.ts';

// doctor-directus.test.ts and doctor-ridendine.test.ts test what the checks of Directus and RideNDine find.

const CHECKS = [
  'settings',
  'temporal',
  'namespace',
  'search-attributes',
  'temporal-clock',
  'workers',
  'encryption',
  'decryption',
  'directus',
  'directus-permissions',
  'directus-schema',
  'directus-constraints',
  'directus-cache',
  'directus-limits',
  'directus-flows',
  'directus-clock',
  'ridendine',
  'ridendine-credential',
  'ridendine-clock',
];
const { enums, workflowservice } = proto.temporal.api;
const KEYWORD = enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
const INT = enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_INT;
const REGISTERED = enums.v1.NamespaceState.NAMESPACE_STATE_REGISTERED;
const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = enums.v1.TaskQueueType;
const { WORKER_VERSIONING_MODE_VERSIONED } = enums.v1.WorkerVersioningMode;
const UNAUTHENTICATED = 16;

interface Report {
  ok: boolean;
  checks: { check: string; verdict: string; finding: string; advice?: string }[];
}

let temporal: EmbeddedTemporal;
let directus: PreparedDirectus;
let sandbox: RunningSandbox;
let connection: Connection;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  [temporal, directus, sandbox] = await Promise.all([startEmbeddedTemporal(), startPreparedDirectus(), startSandbox()]);
  connection = await Connection.connect({ address: temporal.settings.address });
}, 240_000);
afterAll(async () => {
  await connection.close();
  await Promise.all([temporal.stop(), directus.stop(), sandbox.close()]);
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('npm run doctor', () => {
  it('finds nothing wrong where orders can be made', async () => {
    const { exitCode, report } = await examine(await goodEnvironment(), ['--probe-credential']);

    expect(report.checks.map(({ check, verdict }) => [check, verdict])).toEqual(CHECKS.map((name) => [name, 'ok']));
    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: 0, ok: true });
    expect(findingOf(report, 'temporal')).toMatch(/^Temporal \d+\.\d+\.\d+ answers at 127/);
    expect(findingOf(report, 'namespace')).toContain('for 30 days');
    expect(findingOf(report, 'workers')).toBe('Workers that take orders: 1.');
    expect(findingOf(report, 'encryption')).toBe('The key "test" encrypts.');
    expect(findingOf(report, 'decryption')).toContain('can be read with our keys');
  });

  it('prints a line for each check and what to do, and one to sum up', async () => {
    const namespace = await newNamespace(connection);

    const { exitCode, stdout, stderr } = await doctor({ TEMPORAL_NAMESPACE: namespace });

    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^ok {11}settings {14}Every setting/),
      expect.stringMatching(/^ok {11}temporal {14}Temporal \d/),
      expect.stringMatching(/^ok {11}namespace /),
      expect.stringMatching(
        /^problem {6}search-attributes {5}Not registered.*OrderFailureCode\. Run "npm run temporal:apply"/,
      ),
      expect.stringMatching(/^ok {11}temporal-clock /),
      expect.stringMatching(/^warning {6}workers .*Start a worker/),
      expect.stringMatching(/^ok {11}encryption /),
      expect.stringMatching(/^not checked {2}decryption {12}There is no order yet/),
      ...['directus', 'directus-permissions', 'directus-schema'].map((name) =>
        expect.stringMatching(new RegExp(`^ok {11}${name} `)),
      ),
      expect.stringMatching(/^not checked {2}directus-constraints {2}Directus lists every/),
      expect.stringMatching(/^ok {11}directus-cache /),
      expect.stringMatching(/^ok {11}directus-limits /),
      expect.stringMatching(/^not checked {2}directus-flows /),
      expect.stringMatching(/^ok {11}directus-clock /),
      expect.stringMatching(/^ok {11}ridendine /),
      expect.stringMatching(/^not checked {2}ridendine-credential {2}RideNDine has no request/),
      expect.stringMatching(/^ok {11}ridendine-clock /),
      '',
      'Problems: 1. Warnings: 1. Not checked: 4.',
    ]);
  });

  it('says that Temporal cannot be reached, and checks only what does not need it', async () => {
    const { exitCode, report } = await examine({ TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` });

    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: 1, ok: false });
    expect(verdictsOf(report)).toMatchObject({
      temporal: 'problem',
      namespace: 'not checked',
      'search-attributes': 'not checked',
      'temporal-clock': 'not checked',
      workers: 'not checked',
      encryption: 'ok',
      decryption: 'not checked',
      directus: 'ok',
      ridendine: 'ok',
    });
    expect(findingOf(report, 'temporal')).toContain('cannot be reached');
    expect(findingOf(report, 'namespace')).toBe('Skipped, because these checks did not pass: temporal.');
  });

  it('says that the credential is refused, and shows it nowhere', async () => {
    const front = await startTemporalFront({ target: temporal.settings.address, refuse: () => UNAUTHENTICATED });
    cleanUps.push(() => front.close());

    const { report, stdout } = await examine({
      TEMPORAL_ADDRESS: front.address,
      TEMPORAL_API_KEY: 'a-key-of-ours',
      TEMPORAL_TLS: 'false',
    });

    expect(verdictsOf(report)).toMatchObject({ temporal: 'problem', namespace: 'not checked' });
    expect(findingOf(report, 'temporal')).toContain('refuses our credential');
    expect(stdout).not.toContain('a-key-of-ours');
  });

  it('says which settings are missing and which cannot be used, and what it cannot check without them', async () => {
    const { exitCode, report, stdout } = await examine({
      TEMPORAL_ADDRESS: 'https://temporal.example',
      TEMPORAL_TLS: 'yes',
      DIRECTUS_TOKEN: '',
      RIDENDINE_API_KEY: '',
      DIRECTUS_ADMIN_TOKEN: 'two words',
      ENCRYPTION_KEYS: 'one:c2hvcnQ=',
      GATEWAY_API_KEYS: 'short',
      CODEC_SERVER_UI_ORIGINS: 'everywhere',
    });

    expect(exitCode).toBe(1);
    expect(findingOf(report, 'settings')?.replace(/(ENCRYPTION_KEYS:).*(; DIRECTUS_A)/, '$1 …$2')).toBe(
      'Not set: DIRECTUS_TOKEN, RIDENDINE_API_KEY; ' +
        'TEMPORAL_ADDRESS: must be host:port, without a scheme; TEMPORAL_TLS: must be true or false; ' +
        'ENCRYPTION_KEYS: …; DIRECTUS_ADMIN_TOKEN: must be printable ASCII without spaces; ' +
        'GATEWAY_API_KEYS: must be one or more keys of at least 16 characters in printable ASCII without colons, separated by commas, each alone or after the name of its caller, in lower case and not "none", and a colon; ' +
        'CODEC_SERVER_UI_ORIGINS: must be one or more origins as browsers write them (https://temporal.example), separated by commas.',
    );
    const { settings, ...others } = verdictsOf(report);
    expect(settings).toBe('problem');
    expect(new Set(Object.values(others))).toEqual(new Set(['not checked']));
    expect(findingOf(report, 'directus')).toContain('DIRECTUS_TOKEN, DIRECTUS_ADMIN_TOKEN');
    for (const value of ['two words', 'c2hvcnQ', 'short', 'everywhere']) expect(stdout).not.toContain(value);
  });

  it('takes settings of programs that do not run here for no fault while none of them is set', async () => {
    const { report } = await examine({ TEMPORAL_NAMESPACE: await preparedNamespace(), CODEC_SERVER_PORT: '8889' });

    expect(findingOf(report, 'settings')).toBe('Every setting can be used.');
  });

  it('says that the server is too old', async () => {
    const old = await examineServerOf('1.27.4');
    const oldest = await examineServerOf('1.28.0-142.3');

    expect(old.report.checks.find(({ check }) => check === 'temporal')).toMatchObject({
      verdict: 'problem',
      finding: expect.stringMatching(/^Temporal 1\.27\.4 answers/),
      advice: expect.stringContaining('upgrade it to 1.28 or newer'),
    });
    expect(verdictsOf(old.report)['namespace']).toBe('not checked');
    expect(verdictsOf(oldest.report)['temporal']).toBe('ok');
  });

  it('says that support staff could not decide, where the server takes no updates', async () => {
    const front = await startTemporalFront({
      target: temporal.settings.address,
      answer: (path) =>
        path.endsWith('/DescribeNamespace')
          ? workflowservice.v1.DescribeNamespaceResponse.encode({
              namespaceInfo: { name: 'default', state: REGISTERED, capabilities: { syncUpdate: false } },
            }).finish()
          : undefined,
    });
    cleanUps.push(() => front.close());

    const { report } = await examine({ TEMPORAL_ADDRESS: front.address });

    expect(verdictsOf(report)['namespace']).toBe('problem');
    expect(findingOf(report, 'namespace')).toContain('takes no workflow updates');
  });

  it.each([
    [120_000, 'problem', /^This machine's clock is (2 minutes|1\d\d seconds) ahead of that of/],
    [-30_000, 'warning', /^This machine's clock is \d+ seconds behind that of/],
  ])('notices that the clock of this machine is ahead by %d ms', async (aheadMs, verdict, finding) => {
    const namespace = await preparedNamespace();

    const { report } = await examine({ TEMPORAL_NAMESPACE: namespace, ...withMachineClockAhead(aheadMs) });

    for (const check of ['temporal-clock', 'directus-clock']) {
      expect(verdictsOf(report)).toMatchObject({ [check]: verdict });
      expect(findingOf(report, check)).toMatch(finding);
    }
    expect(verdictsOf(report)).toMatchObject({ 'ridendine-clock': 'warning' });
  });

  it('says that there is no such namespace', async () => {
    const { exitCode, report } = await examine({ TEMPORAL_NAMESPACE: 'nowhere' });

    expect(exitCode).toBe(1);
    expect(verdictsOf(report)).toMatchObject({ namespace: 'problem', 'search-attributes': 'not checked' });
    expect(findingOf(report, 'namespace')).toContain('has no namespace "nowhere"');
  });

  it('says that a namespace takes no orders any more', async () => {
    const namespace = await preparedNamespace();
    await connection.workflowService.deprecateNamespace({ namespace });

    // The server learns of it within some seconds.
    let report: Report | undefined;
    await pWaitFor(
      async () => {
        ({ report } = await examine({ TEMPORAL_NAMESPACE: namespace }));
        return verdictsOf(report)['namespace'] === 'problem';
      },
      { timeout: 60_000 },
    );

    expect(report && findingOf(report, 'namespace')).toContain('takes no new orders');
  });

  it('warns of a namespace that forgets orders soon', async () => {
    const namespace = await newNamespace(connection, { retentionDays: 1 });

    const { report } = await examine({ TEMPORAL_NAMESPACE: namespace });

    expect(verdictsOf(report)).toMatchObject({ namespace: 'warning', 'search-attributes': 'problem' });
    expect(findingOf(report, 'namespace')).toContain('for 1 day.');
  });

  it('names the search attributes that are missing, and what registers them', async () => {
    const namespace = await preparedNamespace();
    await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes: ['CoocoQuoteId'] });

    const { exitCode, report } = await examine({ TEMPORAL_NAMESPACE: namespace });

    expect(exitCode).toBe(1);
    expect(report.checks.find(({ check }) => check === 'search-attributes')).toEqual({
      check: 'search-attributes',
      verdict: 'problem',
      finding: 'Not registered, so that no order can be started: CoocoQuoteId.',
      advice: 'Run "npm run temporal:apply".',
    });
  });

  it('says that the namespace has no room for those that are missing', async () => {
    const namespace = await newNamespace(connection);
    const others = Object.fromEntries(['A', 'B', 'C', 'D'].map((name) => [`Somebodys${name}`, KEYWORD]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: others });

    const { report } = await examine({ TEMPORAL_NAMESPACE: namespace });

    expect(report.checks.find(({ check }) => check === 'search-attributes')).toMatchObject({
      verdict: 'problem',
      advice: expect.stringMatching(/^The namespace has 4 search attributes of the type Keyword, .*TEMPORAL_NAMESPACE/),
    });
  });

  it('says that the server takes no schedules, and no workers with a build', async () => {
    const off = ['frontend.enableSchedules=false', 'system.enableDeploymentVersions=false'];
    const other = await startEmbeddedTemporal('memory', (command) => ({
      ...command,
      args: [...command.args, ...off.flatMap((value) => ['--dynamic-config-value', value])],
    }));
    cleanUps.push(() => other.stop());
    const at = { TEMPORAL_ADDRESS: other.settings.address, WORKER_BUILD_ID: 'build-1' };

    const { report } = await examine(at);
    const withoutSweep = await examine({ TEMPORAL_ADDRESS: other.settings.address, WORKER_SWEEP: 'off' });

    expect(report.checks.find(({ check }) => check === 'namespace')).toMatchObject({
      verdict: 'problem',
      finding: expect.stringMatching(/takes no schedules, .* takes no workers with a build/),
      advice: expect.stringMatching(/frontend\.enableSchedules.* system\.enableDeploymentVersions/),
    });
    expect(findingOf(withoutSweep.report, 'namespace')).not.toContain('schedules');
  }, 120_000);

  it('says that the server takes no payloads as large as an order may be', async () => {
    const front = await startTemporalFront({
      target: temporal.settings.address,
      answer: (path) =>
        path.endsWith('/DescribeNamespace')
          ? workflowservice.v1.DescribeNamespaceResponse.encode(
              workflowservice.v1.DescribeNamespaceResponse.fromObject({
                namespaceInfo: {
                  name: 'default',
                  state: REGISTERED,
                  capabilities: { syncUpdate: true, asyncUpdate: true },
                  supportsSchedules: true,
                  limits: { blobSizeLimitError: 65_536 },
                },
              }),
            ).finish()
          : undefined,
    });
    cleanUps.push(() => front.close());

    const { report } = await examine({ TEMPORAL_ADDRESS: front.address });

    expect(report.checks.find(({ check }) => check === 'namespace')).toMatchObject({
      verdict: 'problem',
      finding: expect.stringContaining('no more than 65536 bytes'),
      advice: expect.stringContaining('limit.blobSize.error'),
    });
  });

  it('names the search attributes that have another type', async () => {
    const namespace = await newNamespace(connection);
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { OrderFailureCode: INT } });

    const { report } = await examine({ TEMPORAL_NAMESPACE: namespace });

    expect(verdictsOf(report)).toMatchObject({ 'search-attributes': 'problem' });
    expect(findingOf(report, 'search-attributes')).toContain('OrderFailureCode (Int)');
  });

  it('warns, and no more, if there is no worker', async () => {
    const { exitCode, report } = await examine({ TEMPORAL_NAMESPACE: await preparedNamespace() });

    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: 0, ok: true });
    expect(verdictsOf(report)).toMatchObject({ workers: 'warning' });
  });

  it('warns while calls to RideNDine are paused', async () => {
    const { TEMPORAL_NAMESPACE = '' } = await goodEnvironment();
    const by = ['--actor', 'agent-7', '--reason', 'Ticket 1'];
    const { address } = temporal.settings;
    const set = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE, ENCRYPTION_KEYS: testEncryptionKeys };
    expect(await runProgram('ridendine', ['pause', ...by], set)).toMatchObject({ exitCode: 0 });

    const { exitCode, report } = await examine({ TEMPORAL_NAMESPACE });

    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: 0, ok: true });
    expect(verdictsOf(report)).toMatchObject({ workers: 'warning' });
    expect(findingOf(report, 'workers')).toMatch(/Calls to RideNDine are paused since .* UTC: orders wait\./);
  });

  it('warns if no worker takes the calls to RideNDine that wait in a queue of their own', async () => {
    const namespace = await preparedNamespace();
    const { address } = temporal.settings;
    const worker = await createOrderWorker({ address, namespace, servesPartnerQueue: false });
    await worker.start();
    cleanUps.push(() => worker.stop());
    await untilPolled(namespace, 'order-creation');

    const { report } = await examine({ TEMPORAL_NAMESPACE: namespace });

    expect(verdictsOf(report)).toMatchObject({ workers: 'warning' });
    expect(findingOf(report, 'workers')).toContain('"order-creation-ridendine": orders there keep waiting.');
  });

  it('names the build that has a part of the orders and no worker, be it the current one or the ramped one', async () => {
    const rampedIsDead = await examineShared({ worker: '1.1', current: '1.1', ramping: '1.2' });
    const currentIsDead = await examineShared({ worker: '1.2', current: '1.1', ramping: '1.2' });

    expect(rampedIsDead.report.checks.find(({ check }) => check === 'workers')).toEqual({
      check: 'workers',
      verdict: 'warning',
      finding:
        'Workers of build 1.2 are given 10 % of the orders, and there is none: these orders wait until one runs. The others have 1, workers of build 1.1.',
      advice: 'Start workers of build 1.2, or take the ramp back: "npm run deployment -- ramp 1.2 0".',
    });
    expect(currentIsDead.report.checks.find(({ check }) => check === 'workers')).toMatchObject({
      verdict: 'warning',
      finding: expect.stringMatching(/^Workers of build 1\.1 are given 90 % of the orders, and there is none/),
      advice: 'Start workers of build 1.1, or give all orders to the others: "npm run deployment -- current 1.2".',
    });
  }, 240_000);

  it('misses the keys, and warns if they are off, which is a problem in production', async () => {
    const namespace = await preparedNamespace();

    const missing = await examine({ TEMPORAL_NAMESPACE: namespace, ENCRYPTION_KEYS: '' });
    const off = await examine({ TEMPORAL_NAMESPACE: namespace, ENCRYPTION_KEYS: 'off' });
    const production = await examine({
      TEMPORAL_NAMESPACE: namespace,
      ENCRYPTION_KEYS: 'off',
      NODE_ENV: 'production',
    });

    expect(findingOf(missing.report, 'settings')).toBe('Not set: ENCRYPTION_KEYS.');
    expect(verdictsOf(missing.report)).toMatchObject({ settings: 'problem', encryption: 'not checked' });
    expect(verdictsOf(off.report)).toMatchObject({ encryption: 'warning', decryption: 'not checked' });
    expect(verdictsOf(production.report)).toMatchObject({ settings: 'problem', encryption: 'not checked' });
    expect([missing.exitCode, off.exitCode, production.exitCode]).toEqual([1, 0, 1]);
  });

  it('says that the newest order was written with a key that we do not have', async () => {
    const namespace = await preparedNamespace();
    await startOrder(namespace, newEncryptionKey('of-the-workers'));

    const { exitCode, report } = await examine({ TEMPORAL_NAMESPACE: namespace });

    expect(exitCode).toBe(1);
    expect(verdictsOf(report)).toMatchObject({ encryption: 'ok', decryption: 'problem' });
    expect(findingOf(report, 'decryption')).toContain('the key "of-the-workers", which is not among');
  });

  it('tells how it is used', async () => {
    const help = await runProgram('doctor', ['--help'], {});
    const wrong = await runProgram('doctor', ['--jason'], {});

    expect({ exitCode: help.exitCode, stdout: help.stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('--json'),
    });
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain("'--jason'");
  });

  it('prints no secret and nothing of a customer, whatever it finds', async () => {
    const request = newCheckoutRequest();
    await directus.addQuote(request);
    const namespace = await preparedNamespace();
    await startOrder(namespace, testEncryptionKeys);
    const secrets = {
      TEMPORAL_API_KEY: 'temporal-key-0123456789',
      TEMPORAL_TLS: 'false',
      DIRECTUS_ADMIN_TOKEN: directus.adminToken,
      GATEWAY_API_KEYS: 'gateway-key-0123456789',
    };
    const wrong = { DIRECTUS_TOKEN: 'directus-token-0123456789', RIDENDINE_API_KEY: 'other-partner-key-0123456789' };

    const texts = [
      await doctor({ TEMPORAL_NAMESPACE: namespace, ...secrets }, ['--probe-credential']),
      await doctor({ TEMPORAL_NAMESPACE: namespace, ...secrets, ...wrong }, ['--probe-credential', '--json']),
      await doctor({ ...secrets, ENCRYPTION_KEYS: `${testEncryptionKeys} `, DIRECTUS_ADMIN_TOKEN: 'with a space' }),
    ].map(({ stdout, stderr }) => stdout + stderr);

    const [, key = ''] = testEncryptionKeys.split(':');
    const kept = [
      ...Object.values(secrets),
      ...Object.values(wrong),
      directus.token,
      sandbox.apiKey,
      key,
      'with a space',
    ];
    const personal = ['Customer One', '555 0100', 'customer-one@', '1 Example Street', request.customer_id];
    for (const text of texts) {
      expect(text).toContain('directus');
      for (const value of [...kept, ...personal].filter((one) => one !== 'false')) expect(text).not.toContain(value);
    }
  });
});

describe('docs/operations.md', () => {
  it('shows what the doctor prints of what is wrong', async () => {
    const postgres = await connectToPostgres(directus.postgres);
    cleanUps.push(() => postgres.close());
    await postgres.sql('alter table orders drop constraint orders_active_quote_id_unique');
    cleanUps.push(() =>
      postgres.sql('alter table orders add constraint orders_active_quote_id_unique unique (active_quote_id)'),
    );
    const namespace = await newNamespace(connection, { retentionDays: 1 });
    await register(namespace);
    await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes: ['CoocoQuoteId'] });

    const environment = {
      TEMPORAL_NAMESPACE: namespace,
      DIRECTUS_ADMIN_TOKEN: directus.adminToken,
      RIDENDINE_API_KEY: 'key-that-was-changed-there',
    };
    const printed = await printedFor('doctor-broken', environment);

    expect(shownAs('doctor-broken')).toBe(printed);
  });
});

const operationsPage = new URL('../../docs/operations.md', import.meta.url);

function blockIn(page: string, name: string) {
  const [block = '', begin = '', content = ''] = new RegExp(`(\`\`\`text ${name}\\n)(.*?)\`\`\``, 's').exec(page) ?? [];
  return { block, begin, content };
}

/** What the page shows, without the versions of Temporal and Directus: these are the versions of the page's author. */
function shownAs(name: string): string {
  return withoutVersions(blockIn(readFileSync(operationsPage, 'utf8'), name).content);
}

/**
 * What the doctor prints about checks that are not ok, with the usual addresses. `npm run docs:doctor` also writes that
 * into the page.
 */
async function printedFor(name: string, environment: Record<string, string>): Promise<string> {
  const { stdout } = await doctor(environment, ['--probe-credential']);
  const printed = `${stdout
    .replaceAll(/^ok .*\n/gm, '')
    .replaceAll(temporal.settings.address, '127.0.0.1:7233')
    .replaceAll(directus.url, 'http://127.0.0.1:8055')
    .replaceAll(sandbox.url, 'http://127.0.0.1:4010')
    .replaceAll(environment['TEMPORAL_NAMESPACE'] ?? 'default', 'orders')}\n`;
  if (process.env['WRITE_PAGES'] === 'on') {
    const page = readFileSync(operationsPage, 'utf8');
    const { block, begin } = blockIn(page, name);
    writeFileSync(
      operationsPage,
      page.replace(block, () => `${begin}${printed}\`\`\``),
    );
  }
  return withoutVersions(printed);
}

function withoutVersions(lines: string): string {
  return lines.replaceAll(/\b\d+\.\d+\.\d+ answers/g, 'x answers');
}

function doctor(environment: Record<string, string>, args: string[] = []) {
  return runProgram('doctor', args, {
    TEMPORAL_ADDRESS: temporal.settings.address,
    ENCRYPTION_KEYS: testEncryptionKeys,
    DIRECTUS_URL: directus.url,
    DIRECTUS_TOKEN: directus.token,
    RIDENDINE_BASE_URL: sandbox.url,
    RIDENDINE_API_KEY: sandbox.apiKey,
    ...environment,
  });
}

async function examine(environment: Record<string, string>, args: string[] = []) {
  const { exitCode, stdout, stderr } = await doctor(environment, ['--json', ...args]);
  expect(stderr).toBe('');
  return { exitCode, stdout, report: JSON.parse(stdout) as Report };
}

function verdictsOf({ checks }: Report): Record<string, string> {
  return Object.fromEntries(checks.map(({ check, verdict }) => [check, verdict]));
}

function findingOf({ checks }: Report, name: string): string | undefined {
  return checks.find(({ check }) => check === name)?.finding;
}

/** Runs the doctor against a server that reports this version. */
async function examineServerOf(serverVersion: string) {
  const front = await startTemporalFront({
    target: temporal.settings.address,
    answer: (path) =>
      path.endsWith('/GetSystemInfo')
        ? workflowservice.v1.GetSystemInfoResponse.encode({ serverVersion, capabilities: {} }).finish()
        : undefined,
  });
  cleanUps.push(() => front.close());
  return examine({ TEMPORAL_ADDRESS: front.address });
}

const build = (buildId: string) => ({ deploymentName: 'order-creation', buildId });

/** Examines a server that reports two builds, the ramping one with 10 % of the orders, and one worker. */
async function examineShared({ worker, current, ramping }: { worker: string; current: string; ramping: string }) {
  const queue = workflowservice.v1.DescribeTaskQueueResponse.encode({
    pollers: [
      {
        identity: 'a worker',
        lastAccessTime: proto.google.protobuf.Timestamp.fromObject({ seconds: Math.floor(Date.now() / 1000) }),
        deploymentOptions: { ...build(worker), workerVersioningMode: WORKER_VERSIONING_MODE_VERSIONED },
      },
    ],
    versioningInfo: {
      currentDeploymentVersion: build(current),
      rampingDeploymentVersion: build(ramping),
      rampingVersionPercentage: 10,
    },
  }).finish();
  const front = await startTemporalFront({
    target: temporal.settings.address,
    answer: (path) => (path.endsWith('/DescribeTaskQueue') ? queue : undefined),
  });
  cleanUps.push(() => front.close());
  return examine({ TEMPORAL_ADDRESS: front.address, TEMPORAL_NAMESPACE: await preparedNamespace() });
}

/** Settings with which every check is ok. */
async function goodEnvironment(): Promise<Record<string, string>> {
  const namespace = await preparedNamespace();
  const worker = await createOrderWorker({ address: temporal.settings.address, namespace });
  await worker.start();
  cleanUps.push(() => worker.stop());
  await untilPolled(namespace, 'order-creation');
  await untilPolled(namespace, 'order-creation-ridendine');
  await startOrder(namespace, testEncryptionKeys);
  return { TEMPORAL_NAMESPACE: namespace, DIRECTUS_ADMIN_TOKEN: directus.adminToken };
}

/** Variables that shift the clock of the program that is started with them. */
function withMachineClockAhead(aheadMs: number): Record<string, string> {
  const { href } = new URL('../support/shifted-clock.mjs', import.meta.url);
  return { NODE_OPTIONS: `--import=${href}`, CLOCK_AHEAD_MS: String(aheadMs) };
}

/** A new namespace that `npm run temporal:apply` has prepared. */
async function preparedNamespace(): Promise<string> {
  const namespace = await newNamespace(connection);
  await register(namespace);
  return namespace;
}

async function register(namespace: string): Promise<void> {
  const { exitCode, stderr } = await runProgram('temporal-apply', [], {
    TEMPORAL_ADDRESS: temporal.settings.address,
    TEMPORAL_NAMESPACE: namespace,
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
}

/** Begins an order as a gateway with these keys does, and waits until Temporal lists its run. */
async function startOrder(namespace: string, encryptionKeys: string): Promise<void> {
  const dataConverter = dataConverterFor(parseEncryptionKeys(encryptionKeys));
  const client = new Client({ connection, namespace, dataConverter });
  const request = newPickupRequest();
  await client.workflow.start('orderCreation', {
    ...orderCreationStart(request, { fingerprint: 'f', quoteId: request.quote_id, customerId: randomUUID() }),
    workflowExecutionTimeout: '1 min',
  });
  await pWaitFor(async () => (await client.workflow.count(`WorkflowType = 'orderCreation'`)).count > 0);
}

async function untilPolled(namespace: string, name: string): Promise<void> {
  await pWaitFor(async () => {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      taskQueueType: name === 'order-creation' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
    });
    return pollers.length > 0;
  });
}
