import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import pWaitFor from 'p-wait-for';
import { orderCreationStart } from '../../src/domain/order-creation.ts';
import { dataConverterFor } from '../../src/encryption/data-converter.ts';
import { parseEncryptionKeys } from '../../src/encryption/encryption-keys.ts';
import { freePort } from '../../stack/free-port.ts';
import { newPickupRequest } from '../support/builders.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { newNamespace } from '../support/new-namespace.ts';
import { createOrderWorker } from '../support/order-worker.ts';
import { runProgram } from '../support/run-program.ts';
import { startTemporalFront } from '../support/temporal-front.ts';
import { newEncryptionKey, testEncryptionKeys } from '../support/test-encryption.ts';

const CHECKS = ['temporal', 'namespace', 'search-attributes', 'workers', 'encryption', 'decryption'];
const INT = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_INT;
const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const UNAUTHENTICATED = 16;

interface Report {
  ok: boolean;
  checks: { check: string; verdict: string; finding: string; advice?: string }[];
}

let temporal: EmbeddedTemporal;
let connection: Connection;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  temporal = await startEmbeddedTemporal();
  connection = await Connection.connect({ address: temporal.settings.address });
}, 120_000);
afterAll(async () => {
  await connection.close();
  await temporal.stop();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('npm run doctor', () => {
  it('finds nothing wrong where orders can be made', async () => {
    const namespace = await preparedNamespace();
    const worker = await createOrderWorker({ address: temporal.settings.address, namespace });
    await worker.start();
    cleanUps.push(() => worker.stop());
    await untilPolled(namespace, 'order-creation');
    await untilPolled(namespace, 'order-creation-ridendine');
    await startOrder(namespace, testEncryptionKeys);

    const { exitCode, report } = await examine({ TEMPORAL_NAMESPACE: namespace });

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
      expect.stringMatching(/^ok {11}temporal {11}Temporal \d/),
      expect.stringMatching(/^ok {11}namespace /),
      expect.stringMatching(
        /^problem {6}search-attributes {2}Not registered.*OrderFailureCode\. Run "npm run temporal:apply"/,
      ),
      expect.stringMatching(/^warning {6}workers .*Start a worker/),
      expect.stringMatching(/^ok {11}encryption /),
      expect.stringMatching(/^ok {11}decryption /),
      '',
      'Problems: 1. Not checked because of them: 0.',
    ]);
  });

  it('says that Temporal can not be reached, and checks only what does not need it', async () => {
    const { exitCode, report } = await examine({ TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` });

    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: 1, ok: false });
    expect(verdictsOf(report)).toEqual({
      temporal: 'problem',
      namespace: 'not checked',
      'search-attributes': 'not checked',
      workers: 'not checked',
      encryption: 'ok',
      decryption: 'not checked',
    });
    expect(findingOf(report, 'temporal')).toContain('can not be reached');
    expect(findingOf(report, 'namespace')).toBe('It needs what is wrong above: temporal.');
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

  it('takes settings that can not be used for a problem of the check that needs them', async () => {
    const { exitCode, report } = await examine({
      TEMPORAL_ADDRESS: 'https://temporal.example',
      TEMPORAL_TLS: 'yes',
      ENCRYPTION_KEYS: 'one:c2hvcnQ=',
    });

    expect(exitCode).toBe(1);
    expect(verdictsOf(report)).toMatchObject({ temporal: 'problem', encryption: 'problem', decryption: 'not checked' });
    expect(findingOf(report, 'temporal')).toBe(
      'TEMPORAL_ADDRESS: must be host:port, without a scheme; TEMPORAL_TLS: must be true or false.',
    );
    expect(findingOf(report, 'encryption')).toContain('32 random bytes in base64');
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
      { timeout: 20_000 },
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

  it('warns if no worker takes the calls to RideNDine that wait in a queue of their own', async () => {
    const namespace = await preparedNamespace();
    const { address } = temporal.settings;
    const worker = await createOrderWorker({ address, namespace, servesPartnerQueue: false });
    await worker.start();
    cleanUps.push(() => worker.stop());
    await untilPolled(namespace, 'order-creation');

    const { report } = await examine({ TEMPORAL_NAMESPACE: namespace });

    expect(verdictsOf(report)).toMatchObject({ workers: 'warning' });
    expect(findingOf(report, 'workers')).toContain('"order-creation-ridendine": if orders wait there, they wait on.');
  });

  it('misses the keys, and warns if they are off, which is a problem in production', async () => {
    const namespace = await preparedNamespace();

    const missing = await examine({ TEMPORAL_NAMESPACE: namespace, ENCRYPTION_KEYS: '' });
    const off = await examine({ TEMPORAL_NAMESPACE: namespace, ENCRYPTION_KEYS: 'off' });
    const production = await examine({
      TEMPORAL_NAMESPACE: namespace,
      ENCRYPTION_KEYS: 'off',
      NODE_ENV: 'production',
    });

    expect(findingOf(missing.report, 'encryption')).toBe('ENCRYPTION_KEYS is not set.');
    expect(verdictsOf(missing.report)).toMatchObject({ encryption: 'problem', decryption: 'not checked' });
    expect(verdictsOf(off.report)).toMatchObject({ encryption: 'warning', decryption: 'ok' });
    expect(verdictsOf(production.report)).toMatchObject({ encryption: 'problem' });
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
});

function doctor(environment: Record<string, string>, args: string[] = []) {
  return runProgram('doctor', args, {
    TEMPORAL_ADDRESS: temporal.settings.address,
    ENCRYPTION_KEYS: testEncryptionKeys,
    ...environment,
  });
}

async function examine(environment: Record<string, string>) {
  const { exitCode, stdout, stderr } = await doctor(environment, ['--json']);
  expect(stderr).toBe('');
  return { exitCode, stdout, report: JSON.parse(stdout) as Report };
}

function verdictsOf({ checks }: Report): Record<string, string> {
  return Object.fromEntries(checks.map(({ check, verdict }) => [check, verdict]));
}

function findingOf({ checks }: Report, name: string): string | undefined {
  return checks.find(({ check }) => check === name)?.finding;
}

/** As `npm run temporal:apply` leaves it. */
async function preparedNamespace(): Promise<string> {
  const namespace = await newNamespace(connection);
  const { exitCode, stderr } = await runProgram('temporal-apply', [], {
    TEMPORAL_ADDRESS: temporal.settings.address,
    TEMPORAL_NAMESPACE: namespace,
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return namespace;
}

/** An order as a gateway with these keys begins it, seen by whoever looks for orders. */
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
