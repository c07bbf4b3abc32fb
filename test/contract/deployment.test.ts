import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { UsageError } from '../../src/cli/command.ts';
import { parseCommandLine } from '../../src/cli/deployment/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { askedOften, startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { newNamespace } from '../support/new-namespace.ts';
import { runProgram } from '../support/run-program.ts';
import { startTemporalFront } from '../support/temporal-front.ts';
import { testEncryptionKeys } from '../support/test-encryption.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

let temporal: EmbeddedTemporal;
let connection: Connection;
const workers: WorkerProcess[] = [];

/** A test starts several programs, one after the other. */
jest.setTimeout(400_000);

beforeAll(async () => {
  temporal = await startEmbeddedTemporal('file', askedOften);
  connection = await Connection.connect({ address: temporal.settings.address });
}, 240_000);
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.kill();
});
afterAll(async () => {
  await connection.close();
  await temporal.stop();
});

// What happens to orders meanwhile: test/stack/upgrade.test.ts
describe('npm run deployment', () => {
  it('says of a namespace without workers that there are none', async () => {
    const { exitCode, stdout } = await deployment(await newNamespace(connection), 'status');

    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'BUILD              STATE    WORKERS  OPEN ORDERS',
      '(without a build)  current  0        0',
      '',
      'Workers without a build take the orders, and there is none at present: start one, or make another build current.',
    ]);
  });

  it('says what to do with a build that has just been started, and makes that of the environment current', async () => {
    const namespace = await newNamespace(connection);
    const current = await deployment(namespace, 'current');
    let worker: Promise<WorkerProcess> | undefined;
    const again = await runProgram('deployment', ['current', '1.0'], environment(namespace), (text) => {
      if (text.includes('Waiting for')) worker ??= startBuild(namespace, '1.0');
    });
    const started = await worker;
    const status = await deployment(namespace, 'status', '--json');

    expect(current.exitCode).toBe(2);
    expect(started?.output()).toContain('This is build 1.0. No build is current yet: orders wait until one is.');
    expect(started?.output()).not.toContain('takes no orders');
    const ofTheImage = await runProgram('deployment', ['current'], {
      ...environment(namespace),
      WORKER_BUILD_ID: '1.0',
    });
    expect(ofTheImage).toMatchObject({ exitCode: 0, stdout: 'Build 1.0 is current, as it was.' });
    expect(again.stderr).toContain('Waiting for workers of build 1.0 to ask for orders');
    expect(again.stdout.split('\n')).toEqual([
      'Build 1.0 is current: it takes every new order, and the next step of each order in flight.',
    ]);
    expect(JSON.parse(status.stdout)).toEqual({
      deployment: 'order-creation',
      builds: [{ build_id: '1.0', state: 'current', workers: 1, open_orders: 0 }],
    });
  });

  it("knows the builds of Temporal's Worker Controller by the names that it gives, a slash in them", async () => {
    const namespace = await newNamespace(connection);
    const ofTheController = {
      TEMPORAL_DEPLOYMENT_NAME: 'shop/order-creation-worker',
      TEMPORAL_WORKER_BUILD_ID: '1.0.0-6b8f7c',
    };
    const ofTheImage = { WORKER_DEPLOYMENT_NAME: 'order-creation', WORKER_BUILD_ID: '1.0.0' };
    const inThePod = { ...environment(namespace), ...ofTheImage, ...ofTheController };

    const [current] = await Promise.all([
      runProgram('deployment', ['current'], inThePod),
      startWorker(namespace, { ...ofTheImage, ...ofTheController }),
    ]);
    const status = await runProgram('deployment', ['status', '--json'], inThePod);

    expect(current.stdout).toContain('Build 1.0.0-6b8f7c is current');
    expect(JSON.parse(status.stdout)).toEqual({
      deployment: 'shop/order-creation-worker',
      builds: [{ build_id: '1.0.0-6b8f7c', state: 'current', workers: 1, open_orders: 0 }],
    });
  });

  it('takes the ramp of one build back when another one is made current, and when none is', async () => {
    const namespace = await newNamespace(connection);
    await whileStarting('1.0', namespace, 'current', '1.0');
    await whileStarting('1.1', namespace, 'ramp', '1.1', '10');

    const current = await whileStarting('1.2', namespace, 'current', '1.2');
    const builds = await statesIn(namespace);
    await whileStarting('1.1', namespace, 'ramp', '1.1', '10');
    const unversioned = await whileStarting(undefined, namespace, 'current', '--unversioned');
    const without = await statesIn(namespace);

    expect(current.stdout.split('\n')).toEqual([
      'Build 1.2 is current: it takes every new order, and the next step of each order in flight.',
      'The ramp of build 1.1, which took 10 % of the orders, is taken back.',
      'When build 1.0 is needed no more, stop its workers: npm run deployment -- drained 1.0',
      'To go back: npm run deployment -- current 1.0',
    ]);
    expect(builds).toMatchObject({ '1.2': 'current', '1.1': expect.stringMatching(/^drain/) });
    expect(unversioned.stdout).toContain('The ramp of build 1.1, which took 10 % of the orders, is taken back.');
    expect(without).toMatchObject({ none: 'current', '1.2': expect.stringMatching(/^drain/) });
  });

  it('refuses a build whose only worker has just died, and to go without builds while no worker has none', async () => {
    const namespace = await newNamespace(connection);
    await whileStarting('1.0', namespace, 'current', '1.0');
    const worker = await startBuild(namespace, '1.1');
    await worker.kill();

    const current = await deployment(namespace, 'current', '1.1', '--wait', '2s');
    const ramped = await deployment(namespace, 'ramp', '1.1', '10', '--wait', '2s');
    const unversioned = await deployment(namespace, 'current', '--unversioned', '--wait', '2s');

    expect(current).toMatchObject({ exitCode: 1, stdout: '' });
    expect(current.stderr).toContain('No worker of build "1.1" has asked for orders within 2s');
    expect(ramped).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nothing was changed') });
    expect(unversioned).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unversioned.stderr).toContain('No worker without a build has asked for orders within 2s');
    expect(await statesIn(namespace)).toMatchObject({ '1.0': 'current', '1.1': 'new' });
  });

  it('takes a ramp back, and hands the orders to workers without a build', async () => {
    const namespace = await newNamespace(connection);
    await whileStarting('1.0', namespace, 'current', '1.0');

    const ramped = await whileStarting('1.1', namespace, 'ramp', '1.1', '25%');
    const ofCurrent = await deployment(namespace, 'ramp', '1.0', '25');
    const drained = await deployment(namespace, 'drained', '1.1');
    const takenBack = await deployment(namespace, 'ramp', '1.1', '0');
    const unversioned = await whileStarting(undefined, namespace, 'current', '--unversioned');
    const status = await deployment(namespace, 'status');

    expect(ramped.stdout).toContain(
      'Build 1.1 takes 25 % of the orders, new ones and those in flight; build 1.0 the others.',
    );
    expect(ofCurrent).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Build 1.0 is current') });
    expect(drained).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('takes 25 % of the orders') });
    expect(takenBack.stdout).toBe('Build 1.1 takes no more orders. Those that it began go on with build 1.0.');
    expect(unversioned.stdout.split('\n')).toEqual([
      'No build is current: workers without a build take every new order, and the next step of each order in flight.',
      'To go back: npm run deployment -- current 1.0',
    ]);
    expect(status.stdout).toMatch(/^\(without a build\) +current +1 +0$/m);
    expect(status.stdout).toMatch(/^1\.0 +drain(?:ing|ed) +1 +0$/m);
  });

  it('sets nothing for one deployment while a build of another one takes the orders', async () => {
    const namespace = await newNamespace(connection);
    const queue = proto.temporal.api.workflowservice.v1.DescribeTaskQueueResponse.encode({
      versioningInfo: { currentDeploymentVersion: { deploymentName: 'another', buildId: '9.9' } },
    }).finish();
    const front = await startTemporalFront({
      target: temporal.settings.address,
      answer: (path) => (path.endsWith('/DescribeTaskQueue') ? queue : undefined),
    });
    const there = { ...environment(namespace), TEMPORAL_ADDRESS: front.address };

    const answers = [
      await runProgram('deployment', ['current', '1.0'], there),
      await runProgram('deployment', ['current', '--unversioned'], there),
      await runProgram('deployment', ['ramp', '1.0', '10'], there),
    ];
    await front.close();

    for (const { exitCode, stderr } of answers) {
      expect(exitCode).toBe(1);
      expect(stderr).toContain(
        'Build 9.9 of another deployment, "another", takes orders, and this is "order-creation"',
      );
      expect(stderr).toContain('WORKER_DEPLOYMENT_NAME=another npm run deployment -- current --unversioned');
    }
  });

  it('says what Temporal cannot tell it', async () => {
    const namespace = await newNamespace(connection);

    const unknown = await deployment(namespace, 'drained', '9.9');
    const unreachable = await runProgram('deployment', ['status'], {
      TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
    });

    expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('knows no build "9.9"') });
    expect(unreachable).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('cannot be reached') });
  });
});

describe('what is typed', () => {
  it.each([
    [[], 'A command is missing'],
    [['make', '1.0'], 'There is no command "make"'],
    [['current', '1.0', '1.1'], '"1.1" is too much'],
    [['current', '1.0', '--unversioned'], '"1.0" is too much'],
    [['current', '1.0', '--json'], '"current" takes no --json'],
    [['current', "1.0'"], 'cannot be a build id'],
    [['current', '1.0', '--wait', '5'], '--wait must be a duration'],
    [['ramp', '1.0'], 'needs a percentage'],
    [['ramp', '1.0', '101'], 'needs a percentage'],
    [['ramp', '1.0', 'ten'], 'needs a percentage'],
    [['drained'], '"drained" needs a build id'],
    [['status', '--quiet'], "'--quiet'"],
  ])('is refused if it cannot be understood: %j', (args, problem) => {
    expect(() => parseCommandLine(args)).toThrow(UsageError);
    expect(() => parseCommandLine(args)).toThrow(problem);
  });

  it('is understood otherwise', () => {
    expect(parseCommandLine(['current', '1.0', '--wait', '5s'])).toEqual({
      name: 'current',
      buildId: '1.0',
      waitMs: 5000,
    });
    expect(parseCommandLine(['ramp', '1.0', '2.5'])).toEqual({
      name: 'ramp',
      buildId: '1.0',
      percent: 2.5,
      waitMs: 90_000,
    });
    expect(parseCommandLine(['drained', '1.0'])).toEqual({ name: 'drained', buildId: '1.0', waitMs: 600_000 });
    expect(parseCommandLine(['--help'])).toBe('help');
  });
});

function environment(namespace: string): Record<string, string> {
  return { TEMPORAL_ADDRESS: temporal.settings.address, TEMPORAL_NAMESPACE: namespace };
}

function deployment(namespace: string, ...args: string[]) {
  return runProgram('deployment', args, environment(namespace));
}

/** The state of each build. `none` stands for the workers without a build. */
async function statesIn(namespace: string): Promise<Record<string, string>> {
  const { stdout } = await deployment(namespace, 'status', '--json');
  const { builds } = JSON.parse(stdout) as { builds: { build_id: string | null; state: string }[] };
  return Object.fromEntries(builds.map(({ build_id, state }) => [build_id ?? 'none', state]));
}

/**
 * Runs a command while a worker starts, because the command waits for a worker to ask for work. Temporal hears only now
 * and then of an idle worker that runs already.
 */
async function whileStarting(buildId: string | undefined, namespace: string, ...args: string[]) {
  const settings = buildId === undefined ? {} : { WORKER_BUILD_ID: buildId };
  const [ended] = await Promise.all([deployment(namespace, ...args), startWorker(namespace, settings)]);
  return ended;
}

function startBuild(namespace: string, buildId: string): Promise<WorkerProcess> {
  return startWorker(namespace, { WORKER_BUILD_ID: buildId });
}

async function startWorker(namespace: string, settings: Record<string, string>): Promise<WorkerProcess> {
  const worker = await startWorkerProcess({
    TEMPORAL_ADDRESS: temporal.settings.address,
    TEMPORAL_NAMESPACE: namespace,
    // There are no orders, so neither Directus nor RideNDine is called.
    DIRECTUS_URL: 'http://directus.invalid',
    DIRECTUS_TOKEN: 'unused',
    RIDENDINE_BASE_URL: 'http://ridendine.invalid',
    RIDENDINE_API_KEY: 'unused',
    // With encryption keys, a worker can use the workflows that are compiled already.
    ENCRYPTION_KEYS: testEncryptionKeys,
    WORKER_SWEEP: 'off',
    ...settings,
  });
  workers.push(worker);
  return worker;
}
