import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { searchAttributes } from '../../src/contract/runs.ts';
import { freePort } from '../support/free-port.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { newNamespace } from '../support/new-namespace.ts';
import { runProgram } from '../support/run-program.ts';
import { startTemporalFront } from '../support/temporal-front.ts';

const NAMES = Object.values(searchAttributes).map(({ name }) => name);
const KEYWORD = 2;
const INT = 3;
const UNAUTHENTICATED = 16;
const UNIMPLEMENTED = 12;

let temporal: EmbeddedTemporal;
let connection: Connection;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  temporal = await startEmbeddedTemporal();
  connection = await Connection.connect({ address: temporal.settings.address });
}, 240_000);
afterAll(async () => {
  await connection.close();
  await temporal.stop();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('npm run temporal:apply', () => {
  it('registers every search attribute of an order creation, and says of each that it did', async () => {
    const namespace = await newNamespace(connection);

    const { exitCode, stdout, stderr } = await apply({ TEMPORAL_NAMESPACE: namespace });

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      `Temporal at ${temporal.settings.address}, namespace ${namespace}`,
      ...NAMES.map((name) => `  search attribute ${name} (Keyword) added`),
      `Done: ${NAMES.length} search attributes added.`,
    ]);
    await expect(registeredIn(namespace)).resolves.toEqual(Object.fromEntries(NAMES.map((name) => [name, KEYWORD])));
    const client = new Client({ connection, namespace });
    await expect(
      client.workflow.start('orderCreation', {
        taskQueue: 'nobody',
        workflowId: namespace,
        typedSearchAttributes: Object.values(searchAttributes).map((key) => ({ key, value: 'value' })),
      }),
    ).resolves.toBeDefined();
  });

  it('changes nothing when it is run again', async () => {
    const namespace = await newNamespace(connection);
    await apply({ TEMPORAL_NAMESPACE: namespace });

    const { exitCode, stdout } = await apply({ TEMPORAL_NAMESPACE: namespace });

    expect(exitCode).toBe(0);
    expect(stdout.split('\n').slice(1)).toEqual(['Every search attribute is registered; nothing was changed.']);
  });

  it('adds only what is missing, and leaves what others have registered', async () => {
    const namespace = await newNamespace(connection);
    const [first = '', ...others] = NAMES;
    await register(namespace, { [first]: KEYWORD, Somebodys: INT });

    const { stdout } = await apply({ TEMPORAL_NAMESPACE: namespace });

    expect(stdout).not.toContain(`${first} `);
    expect(stdout).toContain(`Done: ${others.length} search attributes added.`);
    await expect(registeredIn(namespace)).resolves.toMatchObject({ Somebodys: INT, [first]: KEYWORD });
  });

  it('adds nothing beside an attribute of our name and another type, and says which', async () => {
    const namespace = await newNamespace(connection);
    await register(namespace, { OrderCreationStage: INT });

    const { exitCode, stderr } = await apply({ TEMPORAL_NAMESPACE: namespace });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('registered with another type than Keyword: OrderCreationStage (Int).');
    await expect(registeredIn(namespace)).resolves.toEqual({ OrderCreationStage: INT });
  });

  it('says that the namespace has no room for them beside those of others', async () => {
    const namespace = await newNamespace(connection);
    await register(namespace, Object.fromEntries(['A', 'B', 'C', 'D'].map((name) => [`Somebodys${name}`, KEYWORD])));

    const { exitCode, stderr } = await apply({ TEMPORAL_NAMESPACE: namespace });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^The namespace has 4 search attributes of the type Keyword, 7 more are needed, .* holds 10: /,
    );
    expect(stderr).toContain('TEMPORAL_NAMESPACE');
  });

  it('waits for a namespace that is created while it runs', async () => {
    const namespace = `orders-later-${Date.now()}`;
    const waiting = Promise.withResolvers<undefined>();
    let said = '';
    const applying = apply({ TEMPORAL_NAMESPACE: namespace }, (text) => {
      said += text;
      if (said.includes('waiting for it')) waiting.resolve(undefined);
    });
    await waiting.promise;
    await newNamespace(connection, { namespace });

    const { exitCode, stdout } = await applying;

    expect(exitCode).toBe(0);
    expect(stdout).toContain('waiting for it up to 10 s');
    expect(Object.keys(await registeredIn(namespace))).toHaveLength(NAMES.length);
  });

  it('says that there is no such namespace, and how to create it', async () => {
    const { exitCode, stderr } = await apply({ TEMPORAL_NAMESPACE: 'nowhere' });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/has no namespace "nowhere": set TEMPORAL_NAMESPACE, or create it with .*--retention 30d/);
    expect(stderr.split('\n')).toHaveLength(1);
  });

  it('says that Temporal cannot be reached', async () => {
    const address = `127.0.0.1:${await freePort()}`;

    const { exitCode, stderr } = await apply({ TEMPORAL_ADDRESS: address });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(`Temporal at ${address} cannot be reached: check TEMPORAL_ADDRESS`);
    expect(stderr.split('\n')).toHaveLength(1);
  });

  it('gives up on a server that says nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanUps.push(() => silent.close());
    const { port } = silent.address() as AddressInfo;

    const { exitCode, stderr } = await apply({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('did not answer in time');
  });

  it('says that its credential is refused, and does not show it', async () => {
    const front = await startTemporalFront({ target: temporal.settings.address, refuse: () => UNAUTHENTICATED });
    cleanUps.push(() => front.close());

    const { exitCode, stdout, stderr } = await apply({
      TEMPORAL_ADDRESS: front.address,
      TEMPORAL_API_KEY: 'a-key-of-ours',
      TEMPORAL_TLS: 'false',
    });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('refuses our credential');
    expect(stderr).toContain('TEMPORAL_API_KEY');
    expect(stdout + stderr).not.toContain('a-key-of-ours');
  });

  it('names every setting that cannot be used', async () => {
    const { exitCode, stderr } = await apply({
      TEMPORAL_ADDRESS: 'https://temporal.example',
      TEMPORAL_TLS: 'yes',
    });
    const unreadable = await apply({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('TEMPORAL_ADDRESS: must be host:port');
    expect(stderr).toContain('TEMPORAL_TLS: must be true or false');
    expect(unreadable.exitCode).toBe(1);
    expect(unreadable.stderr).toContain('TEMPORAL_TLS_SERVER_CA_CERT_PATH: the file cannot be read (ENOENT)');
  });
});

describe('npm run temporal:apply where programs may not register, as on Temporal Cloud', () => {
  it('says what is missing and how it is added there', async () => {
    const namespace = await newNamespace(connection);
    await register(namespace, { CoocoOrderId: KEYWORD });

    const { exitCode, stderr } = await apply({
      TEMPORAL_ADDRESS: await addressWithoutOperatorService(),
      TEMPORAL_NAMESPACE: namespace,
    });

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`Missing: ${NAMES.filter((name) => name !== 'CoocoOrderId').join(', ')}.`);
    expect(stderr).toContain(`tcld namespace search-attributes add --namespace ${namespace}`);
    expect(stderr).toContain('--search-attribute "CoocoQuoteId=Keyword"');
    expect(stderr).not.toContain('--search-attribute "CoocoOrderId=Keyword"');
  });

  it('has nothing to do once they were added', async () => {
    const namespace = await newNamespace(connection);
    await register(namespace, Object.fromEntries(NAMES.map((name) => [name, KEYWORD])));

    const { exitCode, stdout } = await apply({
      TEMPORAL_ADDRESS: await addressWithoutOperatorService(),
      TEMPORAL_NAMESPACE: namespace,
    });

    expect(exitCode).toBe(0);
    expect(stdout).toContain('nothing was changed');
  });
});

async function addressWithoutOperatorService(): Promise<string> {
  const front = await startTemporalFront({
    target: temporal.settings.address,
    refuse: (path) => (path.includes('operatorservice') ? UNIMPLEMENTED : undefined),
  });
  cleanUps.push(() => front.close());
  return front.address;
}

function apply(environment: Record<string, string>, onOutput?: (text: string) => void) {
  return runProgram('temporal-apply', [], { TEMPORAL_ADDRESS: temporal.settings.address, ...environment }, onOutput);
}

async function registeredIn(namespace: string): Promise<Record<string, number>> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return customAttributes;
}

async function register(namespace: string, types: Record<string, number>): Promise<void> {
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: types });
}
