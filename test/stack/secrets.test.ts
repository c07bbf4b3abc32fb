import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { freePort } from '../support/free-port.ts';
import { newPickupRequest } from '../support/builders.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { startHttpServer } from '../support/loopback-servers.ts';
import { startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { startSandbox } from '../support/running-sandbox.ts';
import type { RunningSandbox } from '../support/running-sandbox.ts';
import { runProgram } from '../support/run-program.ts';
import { startProgram } from '../support/start-program.ts';
import type { StartedProgram } from '../support/start-program.ts';
import { startTemporalFront } from '../support/temporal-front.ts';

const UNAUTHENTICATED = 16;
const COMMANDS: [Parameters<typeof runProgram>[0], ...string[]][] = [
  ['directus-apply'],
  ['temporal-apply'],
  ['doctor'],
  ['doctor', '--json'],
  ['review', 'list'],
  ['review', 'show', randomUUID()],
];

/** A text that no program says by chance. */
const newSecret = () => `secret-${randomBytes(24).toString('hex')}`;
const encryptionKey = randomBytes(32).toString('base64');
/** The key of a stranger, who may not come in. The keys that strangers try must stay secret, too. */
const strangersKey = newSecret();

let temporal: EmbeddedTemporal;
let directus: PreparedDirectus;
let ridendine: RunningSandbox;
/** Every secret setting, each with a different value. */
let secrets: Record<string, string>;
let good: Record<string, string>;
const cleanUps: (() => unknown)[] = [];
beforeAll(async () => {
  [temporal, directus, ridendine] = await Promise.all([
    startEmbeddedTemporal(),
    startPreparedDirectus(),
    startSandbox(newSecret()),
  ]);
  secrets = {
    TEMPORAL_API_KEY: newSecret(),
    DIRECTUS_TOKEN: directus.token,
    DIRECTUS_ADMIN_TOKEN: directus.adminToken,
    RIDENDINE_API_KEY: ridendine.apiKey,
    GATEWAY_API_KEYS: newSecret(),
    OPERATOR_API_KEYS: newSecret(),
    ENCRYPTION_KEYS: `one:${encryptionKey}`,
    CODEC_SERVER_PATH_SEGMENT: newSecret(),
  };
  good = {
    ...secrets,
    TEMPORAL_ADDRESS: temporal.settings.address,
    TEMPORAL_NAMESPACE: temporal.settings.namespace,
    TEMPORAL_TLS: 'false',
    DIRECTUS_URL: directus.url,
    RIDENDINE_BASE_URL: ridendine.url,
    GATEWAY_WAIT_MS: '60000',
    CODEC_SERVER_UI_ORIGINS: 'http://localhost:8233',
    LOG_LEVEL: 'trace',
  };
}, 360_000);
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});
afterAll(async () => {
  await Promise.all([temporal?.stop(), directus?.stop(), ridendine?.close()]);
});

describe('no program says a secret, whatever LOG_LEVEL,', () => {
  it('while everything works', async () => {
    const services = await startServices(good);
    const checkout = newPickupRequest();
    await directus.addQuote(checkout);

    const created = await services.order(checkout, secrets['GATEWAY_API_KEYS']);
    const refused = await services.order(checkout, strangersKey);
    const decoded = await services.decode(secrets['CODEC_SERVER_PATH_SEGMENT'] ?? '');
    const unknown = await services.decode(strangersKey);

    expect([created, refused, decoded, unknown]).toEqual([201, 401, 200, 404]);
    expectNoSecretIn(await saidBy(services, good));
  }, 240_000);

  it('where a setting cannot be used', async () => {
    const unusable = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, `${value} 2`]));
    const settings = { ...good, ...unusable, TEMPORAL_TLS_CLIENT_KEY_PATH: `/nowhere/${strangersKey}` };

    const services = ['worker', 'gateway', 'codec-server'] as const;
    const ended = await Promise.all(services.map((service) => startProgram(service, settings).ended));

    expect(ended.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
    expectNoSecretIn([...ended.map(({ stdout, stderr }) => stdout + stderr), ...(await saidByCommands(settings))]);
  }, 240_000);

  it('where every credential is refused, with words that repeat it', async () => {
    const front = await startTemporalFront({
      target: temporal.settings.address,
      refuse: () => UNAUTHENTICATED,
      words: ({ authorization }) => `no such key: ${authorization}`,
    });
    cleanUps.push(() => front.close());
    const settings = { ...good, TEMPORAL_ADDRESS: front.address };

    const { ended } = startProgram('worker', settings);
    const { stdout, stderr } = await ended;
    const services = await startServices(settings, ['gateway', 'codec-server']);
    const answer = await services.order(newPickupRequest(), secrets['GATEWAY_API_KEYS']);

    expect(answer).toBe(503);
    expectNoSecretIn([stdout + stderr, ...(await saidBy(services, settings))]);
  }, 240_000);

  it('where Directus and RideNDine refuse the credential, with words that repeat it', async () => {
    const refusing = await startHttpServer((response, { headers }) => {
      const message = `no such token: ${headers.authorization}`;
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end(JSON.stringify({ message, errors: [{ message, extensions: { code: message } }] }));
    });
    cleanUps.push(() => refusing.close());

    for (const settings of [
      { ...good, DIRECTUS_URL: refusing.url },
      { ...good, RIDENDINE_BASE_URL: refusing.url },
    ]) {
      const services = await startServices({ ...settings, GATEWAY_WAIT_MS: '100' });
      const checkout = newPickupRequest();
      await directus.addQuote(checkout);
      const answer = await services.order(checkout, secrets['GATEWAY_API_KEYS']);
      await services.worker?.untilSaid(/refused our credential/);

      expect(answer).toBe(202);
      expectNoSecretIn(await saidBy(services, settings));
    }
  }, 240_000);

  it('where nothing can be reached', async () => {
    const nowhere = `127.0.0.1:${await freePort()}`;
    const settings = {
      ...good,
      TEMPORAL_ADDRESS: nowhere,
      DIRECTUS_URL: `http://${nowhere}`,
      RIDENDINE_BASE_URL: `http://${nowhere}`,
    };

    const { ended } = startProgram('worker', settings);
    const services = await startServices(settings, ['gateway', 'codec-server']);
    const answer = await services.order(newPickupRequest(), secrets['GATEWAY_API_KEYS']);

    expect(answer).toBe(503);
    const { stdout, stderr } = await ended;
    expectNoSecretIn([stdout + stderr, ...(await saidBy(services, settings))]);
  }, 240_000);
});

type Service = 'worker' | 'gateway' | 'codec-server';

interface Services {
  started: StartedProgram[];
  worker: (StartedProgram & { untilSaid(words: RegExp): Promise<void> }) | undefined;
  /** @returns the status of the answer. */
  order(checkout: ReturnType<typeof newPickupRequest>, key: string | undefined): Promise<number>;
  decode(pathSegment: string): Promise<number>;
}

async function startServices(
  settings: Record<string, string>,
  names: Service[] = ['worker', 'gateway', 'codec-server'],
): Promise<Services> {
  const [gatewayPort, codecPort] = [String(await freePort()), String(await freePort())];
  const started = names.map((name) =>
    startProgram(name, { ...settings, GATEWAY_PORT: gatewayPort, CODEC_SERVER_PORT: codecPort }),
  );
  cleanUps.push(() => Promise.all(started.map((program) => program.stop())));
  const [gateway, codec] = [`http://127.0.0.1:${gatewayPort}`, `http://127.0.0.1:${codecPort}`];
  await pWaitFor(async () => (await isHealthy(gateway)) && (await isHealthy(codec)), { timeout: 60_000 });
  const worker = started[names.indexOf('worker')];
  return {
    started,
    worker: worker && {
      ...worker,
      untilSaid: (words) => pWaitFor(() => words.test(worker.output()), { timeout: 60_000 }),
    },
    async order({ idempotency_key, ...checkout }, key) {
      const response = await fetch(`${gateway}/v1/orders`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'idempotency-key': idempotency_key,
        },
        body: JSON.stringify(checkout),
      });
      return response.status;
    },
    async decode(pathSegment) {
      const response = await fetch(`${codec}/${pathSegment}/decode`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"payloads":[]}',
      });
      return response.status;
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** What the services have said until their end, and what the commands say in the same environment. */
async function saidBy({ started }: Services, settings: Record<string, string>): Promise<string[]> {
  const commands = await saidByCommands(settings);
  const ended = await Promise.all(started.map((program) => program.stop()));
  return [...ended.map(({ stdout, stderr }) => stdout + stderr), ...commands];
}

async function saidByCommands(settings: Record<string, string>): Promise<string[]> {
  return await Promise.all(
    COMMANDS.map(async ([program, ...args]) => {
      const { stdout, stderr } = await runProgram(program, args, settings);
      return stdout + stderr;
    }),
  );
}

/** Expects that no text is empty, and that none contains a secret as it is, as in a URL, or in Base64. */
function expectNoSecretIn(said: string[]): void {
  const all = [...Object.entries(secrets), ['ENCRYPTION_KEYS', encryptionKey], ["a stranger's", strangersKey]] as const;
  const found = all.flatMap(([name, secret]) =>
    [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')].flatMap(
      (spelling) =>
        said.filter((text) => text.includes(spelling)).map((text) => `${name} in: ${lineWith(spelling, text)}`),
    ),
  );
  expect(found).toEqual([]);
  expect(said.filter((text) => text.trim() === '')).toEqual([]);
}

function lineWith(words: string, text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.includes(words))
      ?.replaceAll(words, '…') ?? ''
  );
}
