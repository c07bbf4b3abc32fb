import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readCodecServerSettings } from '../../src/config/codec-server-settings.ts';
import { SettingsError } from '../../src/config/environment.ts';
import { readGatewayWithWorkerSettings } from '../../src/config/gateway-with-worker-settings.ts';
import { readGatewaySettings } from '../../src/config/gateway-settings.ts';
import { readWorkerSettings } from '../../src/config/worker-settings.ts';

const ENCRYPTION_KEYS = `one:${Buffer.alloc(32).toString('base64')}`;

/** The settings that a worker requires. */
const workerEnvironment = {
  DIRECTUS_URL: 'http://127.0.0.1:8055',
  DIRECTUS_TOKEN: 'directus-token',
  RIDENDINE_BASE_URL: 'https://partner.example/v1',
  RIDENDINE_API_KEY: 'partner-key',
  ENCRYPTION_KEYS,
};
const gatewayEnvironment = { GATEWAY_API_KEYS: 'gateway-key-0123456789', ENCRYPTION_KEYS };

const codecServerEnvironment = {
  CODEC_SERVER_UI_ORIGINS: 'https://temporal.example',
  CODEC_SERVER_TOKEN_ISSUER: 'https://login.example/',
  CODEC_SERVER_TOKEN_AUDIENCE: 'order-creation-codec',
  CODEC_SERVER_TOKEN_KEYS_URL: 'https://login.example/keys',
  ENCRYPTION_KEYS,
};
/** A codec server without tokens: everybody who knows the path may decode. */
const secretPath = {
  CODEC_SERVER_UI_ORIGINS: 'http://localhost:8233',
  CODEC_SERVER_PATH_SEGMENT: 'segment-of-a-path-that-nobody_Guesses',
  ENCRYPTION_KEYS,
};

function problemsOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return 'none';
}

function gatewayWith(environment: Record<string, string>): string {
  return problemsOf(() => readGatewaySettings({ ...gatewayEnvironment, ...environment }));
}

function workerWith(environment: Record<string, string>): string {
  return problemsOf(() => readWorkerSettings({ ...workerEnvironment, ...environment }));
}

function codecServerWith(environment: Record<string, string>): string {
  return problemsOf(() => readCodecServerSettings({ ...codecServerEnvironment, ...environment }));
}

const bytes = (text: string) => new TextEncoder().encode(text);

function temporalOf(environment: Record<string, string>) {
  return readGatewaySettings({ ...gatewayEnvironment, ...environment }).temporal;
}

describe("the worker's settings", () => {
  it('have the defaults that .env.example names', () => {
    expect(readWorkerSettings(workerEnvironment)).toEqual({
      temporal: { address: '127.0.0.1:7233', namespace: 'default' },
      encryptionKeys: ENCRYPTION_KEYS,
      directus: { url: 'http://127.0.0.1:8055', token: 'directus-token' },
      ridendine: { baseUrl: 'https://partner.example/v1', apiKey: 'partner-key', timeoutMs: 15_000 },
      maxPartnerCallsPerSecond: undefined,
      deadlines: {
        ridendineTimeoutMs: 15_000,
        ridendineIdempotencyTtlMs: 86_400_000,
        ridendineIdempotencyMarginMs: 3_600_000,
        quoteGraceMs: 300_000,
        reviewWindowMs: 604_800_000,
      },
      links: { directusPublicUrl: 'http://127.0.0.1:8055', runbookUrl: undefined },
      build: undefined,
      worker: {
        maxConcurrentActivityTaskExecutions: 100,
        maxConcurrentWorkflowTaskExecutions: 200,
        maxConcurrentLocalActivityExecutions: 200,
        shutdownGraceTime: 15_000,
      },
      sweep: { intervalMs: 300_000, afterMs: 600_000 },
      metricsAddress: undefined,
      tracing: false,
      logLevel: 'info',
    });
  });

  it('take what is set', () => {
    const settings = readWorkerSettings({
      ...workerEnvironment,
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'orders',
      RIDENDINE_TIMEOUT_MS: '2500',
      RIDENDINE_MAX_CALLS_PER_SECOND: '20',
      RIDENDINE_IDEMPOTENCY_TTL: '2 days',
      RIDENDINE_IDEMPOTENCY_MARGIN: '90 min',
      QUOTE_GRACE: '30s',
      REVIEW_WINDOW: '3 days',
      WORKER_SWEEP_INTERVAL: '1 min',
      WORKER_SWEEP_AFTER: '2 min',
      WORKER_DEPLOYMENT_NAME: 'orders',
      WORKER_BUILD_ID: '0.3.0-4f2a1c',
      WORKER_MAX_CONCURRENT_ACTIVITIES: '7',
      WORKER_MAX_CONCURRENT_WORKFLOW_TASKS: '8',
      WORKER_SHUTDOWN_GRACE: '1m',
      WORKER_METRICS_ADDRESS: '0.0.0.0:9464',
      LOG_LEVEL: 'debug',
    });

    expect(settings).toMatchObject({
      temporal: { address: 'temporal.example:7233', namespace: 'orders' },
      ridendine: { timeoutMs: 2500 },
      maxPartnerCallsPerSecond: 20,
      deadlines: {
        ridendineTimeoutMs: 2500,
        ridendineIdempotencyTtlMs: 172_800_000,
        ridendineIdempotencyMarginMs: 5_400_000,
        quoteGraceMs: 30_000,
        reviewWindowMs: 259_200_000,
      },
      build: { deploymentName: 'orders', buildId: '0.3.0-4f2a1c' },
      worker: {
        maxConcurrentActivityTaskExecutions: 7,
        maxConcurrentWorkflowTaskExecutions: 8,
        maxConcurrentLocalActivityExecutions: 8,
        shutdownGraceTime: 60_000,
      },
      sweep: { intervalMs: 60_000, afterMs: 120_000 },
      metricsAddress: '0.0.0.0:9464',
      logLevel: 'debug',
    });
  });

  it.each([
    { WORKER_DEPLOYMENT_NAME: 'with.a.dot' },
    { WORKER_DEPLOYMENT_NAME: 'with:a-colon' },
    { WORKER_BUILD_ID: 'with a space' },
    { WORKER_BUILD_ID: "quote'" },
    { TEMPORAL_DEPLOYMENT_NAME: 'shop.orders' },
    { TEMPORAL_WORKER_BUILD_ID: 'shop/1.0' },
  ])('are refused with a name that Temporal could not tell from another: %j', (name) => {
    expect(workerWith(name)).toMatch(new RegExp(`${Object.keys(name)[0]}: must be from 1 to 1(00|27) letters`));
  });

  it("take the build from Temporal's Worker Controller rather than from the image", () => {
    const ofTheImage = { WORKER_DEPLOYMENT_NAME: 'order-creation', WORKER_BUILD_ID: '1.0.0' };
    const ofTheController = {
      // Two Kubernetes names, each of the greatest allowed length.
      TEMPORAL_DEPLOYMENT_NAME: `${'n'.repeat(63)}/${'w'.repeat(63)}`,
      TEMPORAL_WORKER_BUILD_ID: '1.0.0-6b8f_7c',
    };

    const { build } = readWorkerSettings({ ...workerEnvironment, ...ofTheImage, ...ofTheController });

    expect(build).toEqual({
      deploymentName: ofTheController.TEMPORAL_DEPLOYMENT_NAME,
      buildId: ofTheController.TEMPORAL_WORKER_BUILD_ID,
    });
  });

  it.each([
    [{ TEMPORAL_DEPLOYMENT_NAME: 'shop/orders' }, 'TEMPORAL_WORKER_BUILD_ID is not set.'],
    [{ TEMPORAL_WORKER_BUILD_ID: '1.0.0' }, 'TEMPORAL_DEPLOYMENT_NAME is not set.'],
  ])('are refused with half of what the Worker Controller sets: %j', (half, problem) => {
    expect(workerWith({ WORKER_BUILD_ID: '1.0.0', ...half })).toContain(problem);
  });

  it('count what is empty as not set', () => {
    const emptied = { ...workerEnvironment, LOG_LEVEL: '', QUOTE_GRACE: '', TEMPORAL_API_KEY: '', TEMPORAL_TLS: '' };

    expect(readWorkerSettings(emptied)).toEqual(readWorkerSettings(workerEnvironment));
  });

  it('take no address with a password in it, and do not repeat it', () => {
    const message = workerWith({ DIRECTUS_URL: 'https://agent-7:a-password@directus.example' });

    expect(message).toContain('  DIRECTUS_URL: must not have a user or a password in it');
    expect(message).not.toContain('a-password');
  });

  it('have all their problems reported together', () => {
    const message = problemsOf(() =>
      readWorkerSettings({
        DIRECTUS_URL: 'directus',
        DIRECTUS_TOKEN: '',
        RIDENDINE_BASE_URL: 'ftp://partner.example',
        RIDENDINE_TIMEOUT_MS: '99',
        RIDENDINE_MAX_CALLS_PER_SECOND: '0',
        QUOTE_GRACE: 'soon',
        WORKER_SWEEP: 'maybe',
        WORKER_SWEEP_INTERVAL: '0s',
        TEMPORAL_ADDRESS: 'https://temporal.example',
        WORKER_MAX_CONCURRENT_ACTIVITIES: '0',
        LOG_LEVEL: 'loud',
      }),
    );

    expect(message.split('\n').toSorted()).toEqual([
      '  DIRECTUS_TOKEN is not set.',
      '  DIRECTUS_URL: must be an http or https address without a query',
      '  ENCRYPTION_KEYS is not set.',
      '  LOG_LEVEL: must be trace, debug, info, warn or error',
      '  QUOTE_GRACE: must be a duration such as "24h", "5 min" or "7 days"',
      '  RIDENDINE_API_KEY is not set.',
      '  RIDENDINE_BASE_URL: must be an http or https address without a query',
      '  RIDENDINE_MAX_CALLS_PER_SECOND: must be a whole number from 1 to 10000',
      '  RIDENDINE_TIMEOUT_MS: must be a whole number from 100 to 120000',
      '  TEMPORAL_ADDRESS: must be host:port, without a scheme',
      '  WORKER_MAX_CONCURRENT_ACTIVITIES: must be a whole number from 1 to 10000',
      '  WORKER_SWEEP: must be on or off',
      '  WORKER_SWEEP_INTERVAL: must be 1s or longer',
      'The settings cannot be used:',
    ]);
  });

  it.each(['0s', '1m'])('are refused if a last attempt could outlive the key: a margin of %s', (margin) => {
    const message = problemsOf(() =>
      readWorkerSettings({ ...workerEnvironment, RIDENDINE_IDEMPOTENCY_MARGIN: margin, RIDENDINE_TIMEOUT_MS: '15000' }),
    );

    expect(message).toContain('RIDENDINE_IDEMPOTENCY_MARGIN: must be longer than RIDENDINE_TIMEOUT_MS by 1m or more');
  });

  it.each([
    '9464',
    ':9464',
    'localhost:9464',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '::1:9464',
    'http://[::1]:1',
  ])('know no address to listen at by %j', (address) => {
    expect(workerWith({ WORKER_METRICS_ADDRESS: address })).toContain(
      'WORKER_METRICS_ADDRESS: must be an IP address and a port',
    );
  });

  it.each(['127.0.0.1:9464', '0.0.0.0:80', '[::1]:9464', '[::]:65535'])('take the address %s', (address) => {
    expect(workerWith({ WORKER_METRICS_ADDRESS: address })).toBe('none');
  });

  it('leave the sweep out where it is switched off', () => {
    expect(readWorkerSettings({ ...workerEnvironment, WORKER_SWEEP: 'off' }).sweep).toBeUndefined();
  });

  it('are refused if a key would never be used: its margin is as long as its life', () => {
    const message = problemsOf(() =>
      readWorkerSettings({
        ...workerEnvironment,
        RIDENDINE_IDEMPOTENCY_TTL: '1h',
        RIDENDINE_IDEMPOTENCY_MARGIN: '60m',
      }),
    );

    expect(message).toContain('RIDENDINE_IDEMPOTENCY_MARGIN: must be shorter than RIDENDINE_IDEMPOTENCY_TTL');
  });

  it.each(['5', '0', '0.5 ms', '-5m', 'soon', '5 fortnights', '5 \u0000', '1e3h', 'NaN', 'x'.repeat(200)])(
    'know no duration %j',
    (text) => {
      expect(problemsOf(() => readWorkerSettings({ ...workerEnvironment, QUOTE_GRACE: text }))).toContain(
        'QUOTE_GRACE',
      );
    },
  );

  it.each([' ', '\n', '\r\n', '\u00a0', '\u200b'])('are taken without what was pasted at their ends: %j', (stray) => {
    const pasted = {
      ...workerEnvironment,
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'orders',
      TEMPORAL_API_KEY: 'temporal-key',
      QUOTE_GRACE: '5 min',
      RIDENDINE_TIMEOUT_MS: '15000',
      WORKER_SWEEP: 'on',
    };
    const around = Object.fromEntries(
      Object.entries(pasted).map(([name, value]) => [name, `${stray}${value}${stray}`]),
    );

    expect(readWorkerSettings({ ...around, LOG_LEVEL: stray })).toEqual(readWorkerSettings(pasted));
  });

  it.each(['two words', 'line\nbreak', 'key\u200b2', 'kéy', '\u0000'])(
    'know no secret that fits no header: %j',
    (text) => {
      for (const name of ['DIRECTUS_TOKEN', 'RIDENDINE_API_KEY', 'TEMPORAL_API_KEY']) {
        const message = problemsOf(() => readWorkerSettings({ ...workerEnvironment, [name]: text }));

        expect(message).toContain(`${name}: must be printable ASCII without spaces`);
        expect(message).not.toContain(text);
      }
    },
  );

  it.each(['1.5', '-1', '1e4', '0x10', '5 5', 'ten', '99999999999999999999'])('know no whole number %j', (text) => {
    const read = () => readWorkerSettings({ ...workerEnvironment, RIDENDINE_TIMEOUT_MS: text });

    expect(problemsOf(read)).toContain('RIDENDINE_TIMEOUT_MS');
  });
});

describe("the gateway's settings", () => {
  it('give operators keys that no caller of orders has', () => {
    const operator = 'operator-key-0123456789';

    expect(readGatewaySettings({ ...gatewayEnvironment, OPERATOR_API_KEYS: operator }).operatorApiKeys).toEqual([
      { caller: 'unnamed', key: operator },
    ]);
    expect(
      problemsOf(() =>
        readGatewaySettings({
          ...gatewayEnvironment,
          OPERATOR_API_KEYS: `${operator},${gatewayEnvironment.GATEWAY_API_KEYS}`,
        }),
      ),
    ).toContain('OPERATOR_API_KEYS: must have no key that is in GATEWAY_API_KEYS.');
  });

  it('have the defaults that .env.example names', () => {
    expect(readGatewaySettings(gatewayEnvironment)).toEqual({
      temporal: { address: '127.0.0.1:7233', namespace: 'default' },
      encryptionKeys: ENCRYPTION_KEYS,
      host: '127.0.0.1',
      port: 3000,
      apiKeys: [{ caller: 'unnamed', key: 'gateway-key-0123456789' }],
      waitMs: 10_000,
      operatorApiKeys: [],
      maxWaiting: 1000,
      requestsPerSecond: 2000,
      decisionsPerSecond: 5,
      tracing: false,
      logLevel: 'info',
    });
  });

  it('take several keys, with the names of their callers or without', () => {
    const settings = readGatewaySettings({
      ENCRYPTION_KEYS,
      GATEWAY_API_KEYS: ' first-key-0123456789 ,checkout-web:second-key-0123456789,checkout-web:third-key-0123456789,',
    });

    expect(settings.apiKeys).toEqual([
      { caller: 'unnamed', key: 'first-key-0123456789' },
      { caller: 'checkout-web', key: 'second-key-0123456789' },
      { caller: 'checkout-web', key: 'third-key-0123456789' },
    ]);
  });

  it('take a key once that comes again, without its name or with it', () => {
    const keys = 'first-key-0123456789,checkout-web:first-key-0123456789,checkout-web:first-key-0123456789';

    expect(readGatewaySettings({ ENCRYPTION_KEYS, GATEWAY_API_KEYS: keys }).apiKeys).toEqual([
      { caller: 'checkout-web', key: 'first-key-0123456789' },
    ]);
  });

  it('are refused with one key for two callers', () => {
    const keys = 'checkout-web:first-key-0123456789,checkout-app:first-key-0123456789';

    const message = problemsOf(() => readGatewaySettings({ ENCRYPTION_KEYS, GATEWAY_API_KEYS: keys }));

    expect(message).toContain('GATEWAY_API_KEYS: must have no key under two names');
    expect(message).not.toContain('first-key');
  });

  it.each([undefined, '', ',', ' , '])('are refused without a key: %j', (keys) => {
    const message = problemsOf(() => readGatewaySettings(keys === undefined ? {} : { GATEWAY_API_KEYS: keys }));

    expect(message).toContain('GATEWAY_API_KEYS');
  });

  it.each([
    'fifteen-letters',
    'gateway-key-0123456789,short',
    'a key with spaces in it',
    'kéy-of-16-letters',
    'checkout-web:short',
    'checkout-web:',
    'Checkout Web:first-key-0123456789',
    ':first-key-0123456789',
    'checkout-web:first-key:0123456789',
  ])('are refused with a key that is short, fits no header or has a name that is none: %j', (keys) => {
    const message = problemsOf(() => readGatewaySettings({ NODE_ENV: 'production', GATEWAY_API_KEYS: keys }));

    expect(message).toContain('GATEWAY_API_KEYS: must be one or more keys of at least 16 characters');
    expect(message).not.toContain(keys);
  });

  it('have all their problems reported together', () => {
    const message = problemsOf(() =>
      readGatewaySettings({ GATEWAY_PORT: '65536', GATEWAY_WAIT_MS: '60001', GATEWAY_MAX_WAITING: '0' }),
    );

    expect(message.split('\n').toSorted()).toEqual([
      '  ENCRYPTION_KEYS is not set.',
      '  GATEWAY_API_KEYS is not set.',
      '  GATEWAY_MAX_WAITING: must be a whole number from 1 to 100000',
      '  GATEWAY_PORT: must be a whole number from 0 to 65535',
      '  GATEWAY_WAIT_MS: must be a whole number from 0 to 60000',
      'The settings cannot be used:',
    ]);
  });
});

describe('the settings of a gateway with its worker', () => {
  it('are those of each, and have all their problems reported together, each once', () => {
    const message = problemsOf(() =>
      readGatewayWithWorkerSettings({
        GATEWAY_PORT: '65536',
        QUOTE_GRACE: '5',
        LOG_LEVEL: 'loud',
        TEMPORAL_TLS: 'yes',
      }),
    );

    expect(message.split('\n').toSorted()).toEqual([
      '  DIRECTUS_TOKEN is not set.',
      '  DIRECTUS_URL is not set.',
      '  ENCRYPTION_KEYS is not set.',
      '  GATEWAY_API_KEYS is not set.',
      '  GATEWAY_PORT: must be a whole number from 0 to 65535',
      '  LOG_LEVEL: must be trace, debug, info, warn or error',
      '  QUOTE_GRACE: must be a duration such as "24h", "5 min" or "7 days"',
      '  RIDENDINE_API_KEY is not set.',
      '  RIDENDINE_BASE_URL is not set.',
      '  TEMPORAL_TLS: must be true or false',
      'The settings cannot be used:',
    ]);
  });
});

describe("the codec server's settings", () => {
  it('have the defaults that .env.example names', () => {
    expect(readCodecServerSettings(codecServerEnvironment)).toEqual({
      encryptionKeys: ENCRYPTION_KEYS,
      host: '127.0.0.1',
      port: 8888,
      uiOrigins: ['https://temporal.example'],
      access: {
        token: {
          issuer: 'https://login.example/',
          audience: 'order-creation-codec',
          keysUrl: 'https://login.example/keys',
          subjects: undefined,
        },
      },
      logLevel: 'info',
    });
  });

  it('take several origins and subjects, and a path segment besides the token', () => {
    const settings = readCodecServerSettings({
      ...codecServerEnvironment,
      ...secretPath,
      CODEC_SERVER_UI_ORIGINS: 'http://localhost:8233, https://temporal.example',
      CODEC_SERVER_TOKEN_SUBJECTS: 'agent-6,agent-7',
    });

    expect(settings).toMatchObject({
      uiOrigins: ['http://localhost:8233', 'https://temporal.example'],
      access: { pathSegment: secretPath.CODEC_SERVER_PATH_SEGMENT, token: { subjects: ['agent-6', 'agent-7'] } },
    });
  });

  it('are refused if nobody would have to prove anything', () => {
    const { CODEC_SERVER_UI_ORIGINS } = codecServerEnvironment;

    expect(problemsOf(() => readCodecServerSettings({ CODEC_SERVER_UI_ORIGINS, ENCRYPTION_KEYS }))).toContain(
      'CODEC_SERVER_TOKEN_ISSUER is not set',
    );
  });

  it.each(['CODEC_SERVER_TOKEN_ISSUER', 'CODEC_SERVER_TOKEN_AUDIENCE', 'CODEC_SERVER_TOKEN_KEYS_URL'])(
    'are refused with a part of what a token is checked by: without %s',
    (name) => {
      expect(codecServerWith({ [name]: '' })).toContain(`${name} is not set`);
      expect(codecServerWith({ ...secretPath, [name]: '' })).toContain(`${name} is not set`);
    },
  );

  it('are refused with a list of subjects that nothing would be compared with', () => {
    expect(
      problemsOf(() => readCodecServerSettings({ ...secretPath, CODEC_SERVER_TOKEN_SUBJECTS: 'agent-7' })),
    ).toContain('CODEC_SERVER_TOKEN_ISSUER is not set');
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1'])('take a path segment for proof on a loopback address: %s', (host) => {
    expect(problemsOf(() => readCodecServerSettings({ ...secretPath, CODEC_SERVER_HOST: host }))).toBe('none');
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'localhost', '127.0.0.1.evil.example', '::ffff:10.0.0.1'])(
    'take a path segment for proof nowhere else: %s',
    (host) => {
      for (const token of [{}, codecServerEnvironment]) {
        expect(
          problemsOf(() => readCodecServerSettings({ ...token, ...secretPath, CODEC_SERVER_HOST: host })),
        ).toContain('CODEC_SERVER_PATH_SEGMENT: must be used on a loopback address only');
      }
    },
  );

  it('take no path segment for proof in production', () => {
    expect(problemsOf(() => readCodecServerSettings({ ...secretPath, NODE_ENV: 'production' }))).toContain(
      'CODEC_SERVER_PATH_SEGMENT: must not be used in production',
    );
    expect(codecServerWith({ NODE_ENV: 'production', CODEC_SERVER_HOST: '0.0.0.0' })).toBe('none');
  });

  it.each(['x'.repeat(31), 'x'.repeat(101), `${'x'.repeat(32)}/`, `${'x'.repeat(32)}%2f`, `${'x'.repeat(32)} x`])(
    'know no path segment %j',
    (segment) => {
      const message = problemsOf(() => readCodecServerSettings({ ...secretPath, CODEC_SERVER_PATH_SEGMENT: segment }));

      expect(message).toContain('CODEC_SERVER_PATH_SEGMENT: must be from 32 to 100');
      expect(message).not.toContain(segment);
    },
  );

  it.each([
    '*',
    'null',
    'temporal.example',
    'https://temporal.example/',
    'https://Temporal.example',
    'https://temporal.example:443',
    'https://user@temporal.example',
    'https://*.example',
    'file://temporal.example',
    'https://temporal.example,*',
    ',',
  ])('know no origin %j', (origin) => {
    expect(codecServerWith({ CODEC_SERVER_UI_ORIGINS: origin })).toContain(
      'CODEC_SERVER_UI_ORIGINS: must be one or more origins',
    );
  });

  it('fetch the keys of tokens where nobody can slip in one: over https or on this machine', () => {
    expect(codecServerWith({ CODEC_SERVER_TOKEN_KEYS_URL: 'http://127.0.0.1:9000/keys' })).toBe('none');
    expect(codecServerWith({ CODEC_SERVER_TOKEN_KEYS_URL: 'http://[::1]:9000/keys' })).toBe('none');
    expect(codecServerWith({ CODEC_SERVER_TOKEN_KEYS_URL: 'http://login.example/keys' })).toContain(
      'CODEC_SERVER_TOKEN_KEYS_URL: must be https',
    );
  });
});

describe('tracing', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4318' };

  it.each([
    ['nothing is set', {}, false],
    ['a collector has an address', endpoint, true],
    ['the traces have one', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector.example/v1/traces' }, true],
    ['nobody has switched it off', { ...endpoint, OTEL_SDK_DISABLED: 'false' }, true],
    ['somebody has switched it off', { ...endpoint, OTEL_SDK_DISABLED: 'true' }, false],
    ['what says how is set, not where', { OTEL_SERVICE_NAME: 'worker', OTEL_TRACES_SAMPLER: 'always_on' }, false],
  ])('is on as it should be where %s', (_when, environment: Record<string, string>, expected) => {
    expect(readWorkerSettings({ ...workerEnvironment, ...environment }).tracing).toBe(expected);
    expect(readGatewaySettings({ ...gatewayEnvironment, ...environment }).tracing).toBe(expected);
  });

  it('takes what OpenTelemetry takes', () => {
    const problems = {
      ...endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic dXNlcjpwYXNz==, x-tenant=orders',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.version=0.2.0',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    };

    expect([workerWith(problems), gatewayWith(problems)]).toEqual(['none', 'none']);
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://collector.example'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'Bearer a-secret'],
    ['OTEL_SDK_DISABLED', 'yes'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'name=value=more'],
    ['OTEL_TRACES_SAMPLER', 'half'],
    ['OTEL_TRACES_SAMPLER_ARG', '50%'],
  ])('is refused with what OpenTelemetry would pass over in silence: %s=%s', (name, value) => {
    for (const problem of [workerWith({ [name]: value }), gatewayWith({ [name]: value })]) {
      expect(problem).toContain(`${name}: must be `);
      expect(problem).not.toContain('a-secret');
    }
  });
});

describe('encryption', () => {
  it.each([
    ['the worker', workerWith],
    ['the gateway', gatewayWith],
    ['the codec server', codecServerWith],
  ])('is done without only if that is said, and never in production: %s', (_program, problemsWith) => {
    expect(problemsWith({ ENCRYPTION_KEYS: '' })).toContain('ENCRYPTION_KEYS is not set');
    expect(problemsWith({ ENCRYPTION_KEYS: 'off' })).toBe('none');
    expect(problemsWith({ ENCRYPTION_KEYS: 'off', NODE_ENV: 'production' })).toContain(
      'must not be "off" in production',
    );
    expect(problemsWith({ NODE_ENV: 'production' })).toBe('none');
  });

  it('takes no key that is too short', () => {
    expect(workerWith({ ENCRYPTION_KEYS: 'one:c2hvcnQ=' })).toContain('32 random bytes in base64');
  });
});

describe('what is said of settings that cannot be used', () => {
  it('holds no value: any of them may be a secret in the wrong place', () => {
    const names = `TEMPORAL_ADDRESS TEMPORAL_NAMESPACE TEMPORAL_API_KEY TEMPORAL_TLS TEMPORAL_TLS_SERVER_NAME
      TEMPORAL_TLS_DISABLE_HOST_VERIFICATION
      DIRECTUS_URL DIRECTUS_TOKEN RIDENDINE_BASE_URL RIDENDINE_API_KEY RIDENDINE_TIMEOUT_MS
      RIDENDINE_IDEMPOTENCY_TTL RIDENDINE_IDEMPOTENCY_MARGIN QUOTE_GRACE REVIEW_WINDOW LOG_LEVEL ENCRYPTION_KEYS
      WORKER_SWEEP WORKER_SWEEP_INTERVAL WORKER_SWEEP_AFTER
      WORKER_MAX_CONCURRENT_ACTIVITIES WORKER_MAX_CONCURRENT_WORKFLOW_TASKS WORKER_SHUTDOWN_GRACE
      GATEWAY_HOST GATEWAY_PORT GATEWAY_API_KEYS OPERATOR_API_KEYS GATEWAY_WAIT_MS GATEWAY_MAX_WAITING
      GATEWAY_REQUESTS_PER_SECOND BULK_DECISIONS_PER_SECOND
      CODEC_SERVER_HOST CODEC_SERVER_PORT CODEC_SERVER_UI_ORIGINS CODEC_SERVER_PATH_SEGMENT CODEC_SERVER_TOKEN_ISSUER
      CODEC_SERVER_TOKEN_AUDIENCE CODEC_SERVER_TOKEN_KEYS_URL CODEC_SERVER_TOKEN_SUBJECTS`.split(/\s+/);
    const canaries = Object.fromEntries(names.map((name) => [name, 'canary']));

    const messages = [
      problemsOf(() => readWorkerSettings(canaries)),
      problemsOf(() => readGatewaySettings(canaries)),
      problemsOf(() => readCodecServerSettings(canaries)),
      problemsOf(() => readCodecServerSettings({ ...secretPath, CODEC_SERVER_HOST: 'canary' })),
      problemsOf(() => readGatewaySettings({ ENCRYPTION_KEYS, GATEWAY_API_KEYS: 'canary', GATEWAY_PORT: 'canary' })),
      problemsOf(() => readWorkerSettings({ DIRECTUS_TOKEN: 'canary', RIDENDINE_API_KEY: 'canary' })),
      gatewayWith({ TEMPORAL_CONFIG_FILE: 'canary' }),
      gatewayWith({ TEMPORAL_PROFILE: 'canary', HOME: '/nowhere' }),
      gatewayWith({ TEMPORAL_TLS_CLIENT_CERT_PATH: 'canary', TEMPORAL_TLS_CLIENT_KEY_PATH: 'canary' }),
      gatewayWith({ TEMPORAL_GRPC_META_X: 'canarý' }),
    ];

    expect(messages).not.toContain('none');
    expect(messages.join('\n')).not.toContain('canary');
  });
});

describe('the connection to Temporal', () => {
  let folder: string;
  let file: (name: string) => string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'temporal-settings-'));
    file = (name) => join(folder, name);
    await writeFile(file('authority.pem'), 'the authority');
    await writeFile(file('client.pem'), 'our certificate');
    await writeFile(file('client.key'), 'our key');
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Writes a configuration file in the format of Temporal's own tools. @returns the variable that points to it. */
  async function profileFile(toml: string): Promise<{ TEMPORAL_CONFIG_FILE: string }> {
    const path = file(`${randomUUID()}.toml`);
    await writeFile(path, toml);
    return { TEMPORAL_CONFIG_FILE: path };
  }

  it('uses TLS with an API key', () => {
    expect(temporalOf({ TEMPORAL_API_KEY: 'cloud-key' })).toMatchObject({ apiKey: 'cloud-key', tls: true });
  });

  it('uses no TLS if told so, even with an API key', () => {
    expect(temporalOf({ TEMPORAL_API_KEY: 'cloud-key', TEMPORAL_TLS: 'false' })).toHaveProperty('tls', false);
  });

  it.each(['true', '1'])('uses TLS if told so: %s', (told) => {
    expect(temporalOf({ TEMPORAL_TLS: told })).toHaveProperty('tls', {});
  });

  it('proves itself with a certificate', () => {
    const { tls } = temporalOf({
      TEMPORAL_TLS_CLIENT_CERT_PATH: file('client.pem'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: file('client.key'),
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('authority.pem'),
      TEMPORAL_TLS_SERVER_NAME: 'temporal.example',
    });

    expect(tls).toEqual({
      serverNameOverride: 'temporal.example',
      serverRootCACertificate: bytes('the authority'),
      clientCertPair: { crt: bytes('our certificate'), key: bytes('our key') },
    });
  });

  it('takes certificate and key from the environment itself', () => {
    const { tls } = temporalOf({
      TEMPORAL_TLS_CLIENT_CERT_DATA: 'our certificate',
      TEMPORAL_TLS_CLIENT_KEY_DATA: 'our key',
      TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'the authority',
    });

    expect(tls).toEqual({
      serverRootCACertificate: bytes('the authority'),
      clientCertPair: { crt: bytes('our certificate'), key: bytes('our key') },
    });
  });

  it('sends the headers that it is given', () => {
    expect(temporalOf({ TEMPORAL_GRPC_META_X_TEAM_OF_OURS: 'orders' })).toHaveProperty('metadata', {
      'x-team-of-ours': 'orders',
    });
    expect(temporalOf({ TEMPORAL_GRPC_META_X: '' })).not.toHaveProperty('metadata');
  });

  it('is what the profile says, and a variable wins over the profile', async () => {
    const configured = await profileFile(`
      [profile.default]
      address = "127.0.0.1:1"
      [profile.production]
      address = "temporal.example:7233"
      namespace = "orders"
      tls = { client_cert_path = "${file('client.pem')}", client_key_data = "our key" }
      grpc_meta = { x-team = "orders" }`);

    const given = { ...configured, TEMPORAL_PROFILE: 'production' };

    expect(temporalOf(given)).toEqual({
      address: 'temporal.example:7233',
      namespace: 'orders',
      tls: { clientCertPair: { crt: bytes('our certificate'), key: bytes('our key') } },
      metadata: { 'x-team': 'orders' },
    });
    expect(temporalOf({ ...given, TEMPORAL_NAMESPACE: 'others', TEMPORAL_TLS: 'false' })).toMatchObject({
      address: 'temporal.example:7233',
      namespace: 'others',
      tls: false,
    });
    expect(temporalOf(configured)).toMatchObject({ address: '127.0.0.1:1', namespace: 'default' });
  });

  it("reads the Temporal CLI's own file only if a profile is asked for", async () => {
    await mkdir(file('temporalio'), { recursive: true });
    await writeFile(
      file('temporalio/temporal.toml'),
      '[profile.default]\naddress = "of-the-laptop:7233"\n[profile.cloud]\naddress = "of-the-cloud:7233"\n',
    );
    const home = { HOME: folder, XDG_CONFIG_HOME: folder };

    expect(temporalOf(home)).toEqual({ address: '127.0.0.1:7233', namespace: 'default' });
    expect(temporalOf({ ...home, TEMPORAL_PROFILE: 'cloud' })).toMatchObject({ address: 'of-the-cloud:7233' });
  });

  it('names the setting of each file that cannot be read', async () => {
    const profile = await profileFile(`[profile.default.tls]\nserver_ca_cert_path = "${file('missing.pem')}"`);

    const variables = problemsOf(() =>
      temporalOf({
        TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('missing.pem'),
        TEMPORAL_TLS_CLIENT_CERT_PATH: folder,
        TEMPORAL_TLS_CLIENT_KEY_PATH: file('client.key'),
      }),
    );

    expect(variables.split('\n').slice(1).toSorted()).toEqual([
      '  TEMPORAL_TLS_CLIENT_CERT_PATH: the file cannot be read (EISDIR)',
      '  TEMPORAL_TLS_SERVER_CA_CERT_PATH: the file cannot be read (ENOENT)',
    ]);
    expect(problemsOf(() => temporalOf(profile))).toContain(
      'TEMPORAL_CONFIG_FILE: tls.server_ca_cert_path: the file cannot be read (ENOENT)',
    );
    expect(problemsOf(() => temporalOf({ TEMPORAL_CONFIG_FILE: file('missing.toml') }))).toContain(
      'TEMPORAL_CONFIG_FILE: the file cannot be read (ENOENT)',
    );
  });

  it.each([
    ['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH is not set.'],
    ['TEMPORAL_TLS_CLIENT_KEY_PATH', 'TEMPORAL_TLS_CLIENT_CERT_PATH is not set.'],
    ['TEMPORAL_TLS_CLIENT_KEY_DATA', 'TEMPORAL_TLS_CLIENT_CERT_PATH is not set.'],
  ])('does not go without half of its proof: %s alone', (given, problem) => {
    expect(problemsOf(() => temporalOf({ [given]: file('client.pem') }))).toContain(problem);
  });

  it.each([
    ['tls.client_cert_data = "canary"', 'tls.client_key_path is not set.'],
    ['tls.client_key_data = "canary"', 'tls.client_cert_path is not set.'],
    ['address = "https://canary"', 'address must be host:port, without a scheme'],
    ['api_key = "canary with spaces"', 'api_key must be printable ASCII without spaces'],
    ['namespace = 7', 'namespace must be a text'],
    ['tls.disabled = "canary"', 'tls.disabled must be true or false'],
    ['api_kee = "canary"', 'the file has an unknown key, in profile.default'],
    ['tls.disable_host_verification = true', 'the file has an unknown key, in profile.default.tls'],
    ['api_key = canary', 'the file is not TOML (line 2)'],
    ['tls = { client_cert_path = "canary", client_cert_data = "canary" }', 'client_cert is given twice'],
    ['tls = 7', 'the file cannot be understood'],
    ['grpc_meta = { x-canary = "canarý" }', 'must be names and values of headers'],
  ])('is not taken from a profile with %s, of which no value is shown', async (line, problem) => {
    const configured = await profileFile(`[profile.default]\n${line}\n`);

    const message = problemsOf(() => temporalOf(configured));

    expect(message).toContain(problem);
    expect(message).not.toContain('canary');
  });

  it('is not that of a profile that the file does not have', async () => {
    const configured = await profileFile('[profile.default]\n');

    const message = problemsOf(() => temporalOf({ ...configured, TEMPORAL_PROFILE: 'canary' }));

    expect(message).toContain('the file has no such profile');
    expect(message).not.toContain('canary');
  });

  it('has all problems of a profile reported together', async () => {
    const configured = await profileFile('[profile.default]\naddress = "nowhere"\ntls.client_key_data = "our key"\n');

    expect(
      problemsOf(() => temporalOf(configured))
        .split('\n')
        .slice(1),
    ).toEqual([
      '  TEMPORAL_CONFIG_FILE: address must be host:port, without a scheme',
      '  TEMPORAL_CONFIG_FILE: tls.client_cert_path is not set.',
    ]);
  });

  it('never trusts a server that nobody has certified', () => {
    expect(problemsOf(() => temporalOf({ TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true' }))).toContain(
      'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: is not supported',
    );
    expect(problemsOf(() => temporalOf({ TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'false' }))).toBe('none');
  });
});
