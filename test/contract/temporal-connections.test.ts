import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { OrderCreationClient } from '../../src/client/index.ts';
import { readGatewaySettings } from '../../src/config/gateway-settings.ts';
import { readWorkerSettings } from '../../src/config/worker-settings.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import { createCertificates } from '../support/certificates.ts';
import type { Certificates } from '../support/certificates.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { createOrderWorker } from '../support/order-worker.ts';
import type { OrderWorker } from '../support/order-worker.ts';
import type { Scenario } from '../support/scripted-activities.ts';
import { runProgram } from '../support/run-program.ts';
import { startTemporalFront } from '../support/temporal-front.ts';
import { testEncryptionKeys } from '../support/test-encryption.ts';
import { startTlsFront } from '../support/tls-front.ts';

const API_KEY = 'key-of-our-namespace';
const UNAUTHENTICATED = 16;
const noAnswer = new PartnerError('RideNDineUnavailable', 'maybeSent', 'RideNDine answered 503.', { status: 503 });
const rejected = new PartnerError('RideNDineRejected', 'rejected', 'RideNDine refused the order (422).', {
  status: 422,
});
const SOON = { timeoutMs: 20_000 };

type Environment = Record<string, string>;

/** The settings that a worker and a gateway require, besides those of Temporal. */
const rest = {
  DIRECTUS_URL: 'http://127.0.0.1:8055',
  DIRECTUS_TOKEN: 'directus-token',
  RIDENDINE_BASE_URL: 'https://partner.example/v1',
  RIDENDINE_API_KEY: 'partner-key',
  GATEWAY_API_KEYS: 'gateway-key-0123456789',
  ENCRYPTION_KEYS: testEncryptionKeys,
};

let temporal: EmbeddedTemporal;
let certificates: Certificates;
let folder: string;
let worker: OrderWorker;
/** Addresses of Temporal that only let in clients with a certificate (`mtls`) or with the API key (`apiKey`). */
let fronts: { mtls: string; apiKey: string };
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temporal-connections-'));
  cleanUps.push(() => rm(folder, { recursive: true }));
  certificates = await createCertificates();
  temporal = await startEmbeddedTemporal();
  cleanUps.push(() => temporal.stop());
  worker = await createOrderWorker(temporal.settings);

  const mtls = await startTlsFront({ target: temporal.settings.address, certificates });
  const keyCheck = await startTemporalFront({
    target: temporal.settings.address,
    refuse: (_path, { authorization }) => (authorization === `Bearer ${API_KEY}` ? undefined : UNAUTHENTICATED),
  });
  const apiKey = await startTlsFront({ target: keyCheck.address, certificates, asksForCertificate: false });
  cleanUps.push(() => Promise.all([keyCheck, mtls, apiKey].map((front) => front.close())));
  fronts = { mtls: mtls.address, apiKey: apiKey.address };
}, 240_000);
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

/** @returns the paths of files with our side of the certificates. */
async function pemFiles({ authority, client }: Certificates) {
  const own = join(folder, randomUUID());
  await mkdir(own);
  const paths = { authority: join(own, 'ca.pem'), certificate: join(own, 'client.pem'), key: join(own, 'client.key') };
  await writeFile(paths.authority, authority.crt);
  await writeFile(paths.certificate, client.crt);
  await writeFile(paths.key, client.key);
  return paths;
}

async function profileFile(toml: string): Promise<Environment> {
  const path = join(folder, `${randomUUID()}.toml`);
  await writeFile(path, `[profile.orders]\n${toml}`);
  return { TEMPORAL_CONFIG_FILE: path, TEMPORAL_PROFILE: 'orders' };
}

const waysIn: Record<string, () => Promise<Environment>> = {
  'mTLS, with files': async () => {
    const files = await pemFiles(certificates);
    return {
      TEMPORAL_ADDRESS: fronts.mtls,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: files.authority,
      TEMPORAL_TLS_CLIENT_CERT_PATH: files.certificate,
      TEMPORAL_TLS_CLIENT_KEY_PATH: files.key,
    };
  },
  'mTLS, with certificates in the environment': async () => shown(fronts.mtls, certificates),
  'mTLS, with a profile': async () => {
    const files = await pemFiles(certificates);
    return profileFile(`
      address = "${fronts.mtls}"
      namespace = "default"
      [profile.orders.tls]
      server_ca_cert_path = "${files.authority}"
      client_cert_path = "${files.certificate}"
      client_key_path = "${files.key}"`);
  },
  'an API key in the environment': async () => ({
    TEMPORAL_ADDRESS: fronts.apiKey,
    TEMPORAL_API_KEY: API_KEY,
    TEMPORAL_TLS_SERVER_CA_CERT_DATA: certificates.authority.crt.toString(),
  }),
  'an API key in a profile': async () => {
    const files = await pemFiles(certificates);
    return profileFile(`
      address = "${fronts.apiKey}"
      api_key = "${API_KEY}"
      tls = { server_ca_cert_path = "${files.authority}" }`);
  },
};

function clientOf(environment: Environment): OrderCreationClient {
  const { temporal: settings, encryptionKeys } = readGatewaySettings({ ...rest, ...environment });
  return OrderCreationClient.connect({ ...settings, encryptionKeys });
}

function workerSettings(environment: Environment) {
  return readWorkerSettings({ ...rest, ...environment }).temporal;
}

describe.each(Object.entries(waysIn))('%s', (_way, environmentOf) => {
  it('takes an order from the gateway to the worker and back, and serves the programs of operators', async () => {
    const environment = await environmentOf();
    await worker.start(undefined, workerSettings(environment));
    const gateway = clientOf(environment);
    try {
      const scenario = worker.newScenario();

      await expect(gateway.createOrder(scenario.request, SOON)).resolves.toMatchObject({ state: 'SUCCEEDED' });
    } finally {
      await gateway.close();
      await worker.stop();
    }

    await expect(runProgram('temporal-apply', [], environment)).resolves.toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('who has nothing to show', () => {
  it.each([
    ['mtls', /transport/i],
    ['apiKey', /valid authentication credentials/],
  ] as const)('is let in by neither front: %s', async (front, reason) => {
    const environment = {
      TEMPORAL_ADDRESS: fronts[front],
      TEMPORAL_TLS_SERVER_CA_CERT_DATA: certificates.authority.crt.toString(),
    };

    await expect(worker.start(undefined, workerSettings(environment))).rejects.toThrow(reason);
    await expect(runProgram('temporal-apply', [], environment)).resolves.toMatchObject({ exitCode: 1 });
  });
});

describe('a change of certificates', () => {
  it('is a restart of the programs: an order in review is decided and done with the new ones', async () => {
    const after = await createCertificates();
    const newFront = await startTlsFront({ target: temporal.settings.address, certificates: after });
    cleanUps.push(() => newFront.close());
    const scenario = worker.newScenario({ ridendine: [noAnswer, rejected] });
    await worker.start(undefined, workerSettings(shown(fronts.mtls, certificates)));
    const before = clientOf(shown(fronts.mtls, certificates));
    await before.createOrder(scenario.request, { timeoutMs: 0 });
    await pWaitFor(async () => (await stageOf(before, scenario)) === 'NEEDS_REVIEW', { timeout: 60_000 });
    await before.close();
    await worker.stop();

    const withTheOld = worker.start(undefined, workerSettings(shown(newFront.address, certificates)));
    await expect(withTheOld).rejects.toThrow(/InvalidCertificate/);
    const renewed = shown(newFront.address, after);
    await worker.start(undefined, workerSettings(renewed));
    const gateway = clientOf(renewed);
    try {
      const decision = ['--actor', 'agent-7', '--reason', 'Ticket 1'];
      const ids = ['--ridendine-order-id', 'rnd_1', '--payment-session-id', 'ps_1'];
      const { exitCode, stderr } = await runProgram('review', ['link', scenario.orderId, ...ids, ...decision], {
        ...renewed,
        ENCRYPTION_KEYS: testEncryptionKeys,
      });

      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      await expect(gateway.createOrder(scenario.request, SOON)).resolves.toMatchObject({
        state: 'SUCCEEDED',
        ridendine_order_id: 'rnd_1',
      });
    } finally {
      await gateway.close();
      await worker.stop();
    }
  }, 240_000);
});

function shown(address: string, { authority, client }: Certificates): Environment {
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_TLS_SERVER_CA_CERT_DATA: authority.crt.toString(),
    TEMPORAL_TLS_CLIENT_CERT_DATA: client.crt.toString(),
    TEMPORAL_TLS_CLIENT_KEY_DATA: client.key.toString(),
  };
}

async function stageOf(orders: OrderCreationClient, { request }: Scenario): Promise<string | undefined> {
  const view = await orders.getOrder(request.idempotency_key);
  return view?.stage;
}
