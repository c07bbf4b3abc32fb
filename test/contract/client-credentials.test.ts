import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OrderCreationClient, TemporalUnavailableError, isOrderCreationError } from '../../src/client/index.ts';
import type { OrderCreationClientOptions, OrderCreationError } from '../../src/client/index.ts';
import { newPickupRequest } from '../support/builders.ts';
import { createCertificates } from '../support/certificates.ts';
import type { Certificates } from '../support/certificates.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { startTlsFront } from '../support/tls-front.ts';
import type { TlsFront } from '../support/tls-front.ts';
import { testEncryptionKeys } from '../support/test-encryption.ts';

let certificates: Certificates;
beforeAll(async () => {
  certificates = await createCertificates();
});

describe('mTLS', () => {
  let temporal: EmbeddedTemporal;
  let front: TlsFront;
  beforeAll(async () => {
    temporal = await startEmbeddedTemporal();
    front = await startTlsFront({ target: temporal.settings.address, certificates });
  }, 240_000);
  afterAll(async () => {
    await front.close();
    await temporal.stop();
  });

  const connectTo = (tls: NonNullable<OrderCreationClientOptions['tls']>) =>
    OrderCreationClient.connect({
      address: front.address,
      namespace: 'default',
      encryptionKeys: testEncryptionKeys,
      tls,
    });

  it('lets in a client that shows its certificate and knows the server’s', async () => {
    const { authority, client } = certificates;
    const orders = connectTo({ serverRootCACertificate: authority.crt, clientCertPair: client });

    await orders.checkConnection();
    await expect(orders.createOrder(newPickupRequest(), { timeoutMs: 0 })).resolves.toEqual({
      state: 'IN_PROGRESS',
      stage: 'VALIDATING',
    });
    await orders.close();
  });

  it('turns away everybody else, with a retryable error that says so', async () => {
    const { authority, client } = certificates;
    const known = { serverRootCACertificate: authority.crt, clientCertPair: client };
    const strangers = {
      'shows no certificate': connectTo({ serverRootCACertificate: authority.crt }),
      'does not know who certified the server': connectTo({ clientCertPair: client }),
      'expects another server': connectTo({ ...known, serverNameOverride: 'another.example' }),
      'speaks no TLS': connectTo(false),
    };

    const errors = await Promise.all(
      Object.entries(strangers).map(async ([who, orders]) => ({
        who,
        error: await errorOf(orders, () => orders.createOrder(newPickupRequest(), { timeoutMs: 0 })),
      })),
    );

    for (const { who, error } of errors) {
      expect({ who, error }).toMatchObject({ error: { code: 'TemporalUnavailable', retryable: true } });
      const expected = who === 'speaks no TLS' ? 'cannot be reached' : 'certificate';
      expect({ who, message: error.message }).toEqual({ who, message: expect.stringContaining(expected) });
    }
  });
});

describe('an API key', () => {
  let received: IncomingHttpHeaders[];
  let server: Http2SecureServer;
  beforeAll(async () => {
    // A gRPC server that refuses everybody, and repeats the credential in its message.
    server = createSecureServer({ cert: certificates.server.crt, key: certificates.server.key });
    server.on('stream', (stream, headers) => {
      received.push(headers);
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': '16',
          'grpc-message': `Unauthorized: ${headers.authorization}`,
        },
        { endStream: true },
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server.close();
    await once(server, 'close');
  });

  const connectWith = (apiKey: OrderCreationClientOptions['apiKey']) => {
    received = [];
    return OrderCreationClient.connect({
      address: `localhost:${(server.address() as AddressInfo).port}`,
      namespace: 'orders.example',
      encryptionKeys: testEncryptionKeys,
      tls: { serverRootCACertificate: certificates.authority.crt },
      ...(apiKey !== undefined && { apiKey }),
    });
  };

  it('goes with each request, as does the namespace', async () => {
    await errorOf(connectWith('key-of-the-gateway'), (orders) =>
      orders.createOrder(newPickupRequest(), { timeoutMs: 0 }),
    );

    expect(received).toMatchObject([
      { authorization: 'Bearer key-of-the-gateway', 'temporal-namespace': 'orders.example' },
    ]);
  });

  it('may change while the client lives', async () => {
    const keys = ['first-key', 'second-key'];
    const orders = connectWith(() => keys.shift() ?? '');

    await expect(orders.checkConnection()).rejects.toThrow('refuses the credential');
    await expect(orders.checkConnection()).rejects.toThrow('refuses the credential');
    await orders.close();

    expect(received.map(({ authorization }) => authorization)).toEqual(['Bearer first-key', 'Bearer second-key']);
  });

  it('that is refused is a retryable error that says so and nowhere shows the key', async () => {
    const error = await errorOf(connectWith('key-of-the-gateway'), (orders) =>
      orders.createOrder(newPickupRequest(), { timeoutMs: 0 }),
    );

    expect(error).toBeInstanceOf(TemporalUnavailableError);
    expect(error).toMatchObject({ code: 'TemporalUnavailable', retryable: true });
    expect(error.message).toContain('refuses the credential');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('key-of-the-gateway');
  });
});

/** Makes one call and closes the client. @returns the error of the call. */
async function errorOf(
  orders: OrderCreationClient,
  call: (orders: OrderCreationClient) => Promise<unknown>,
): Promise<OrderCreationError> {
  const thrown: unknown = await call(orders).then(
    () => new Error('It succeeded.'),
    (error: unknown) => error,
  );
  await orders.close();
  if (isOrderCreationError(thrown)) return thrown;
  throw thrown;
}
