import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { CryptoKey, JWTPayload } from 'jose';
import pWaitFor from 'p-wait-for';
import pino from 'pino';
import { z } from 'zod';
import { createCodecServer } from '../../src/codec-server/create-codec-server.ts';
import type { Access } from '../../src/codec-server/access.ts';
import { createEncryptionCodec } from '../../src/temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { startHttpServer } from '../support/loopback-servers.ts';
import type { LoopbackServer } from '../support/loopback-servers.ts';
import { sendRaw } from '../support/raw-http.ts';
import { newEncryptionKey } from '../support/test-encryption.ts';

const UI = 'http://localhost:8233';
const ISSUER = 'https://login.example/';
const AUDIENCE = 'order-creation-codec';
const NAMESPACE = 'orders.a1b2c';
/** Text that a customer might have entered. It must not turn up in any log. */
const CANARY = 'Canary Row 17';
const segment = 'segment-of-a-path-that-nobody_Guesses-0123456789';
const keyText = newEncryptionKey('current');

const answerSchema = z.strictObject({
  payloads: z.array(
    z.strictObject({ metadata: z.record(z.string(), z.string()).optional(), data: z.string().optional() }),
  ),
});
type JsonPayload = z.output<typeof answerSchema>['payloads'][number];

interface RunningCodecServer {
  url: string;
  /** One object for each line of the log. */
  log: Record<string, unknown>[];
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function start(options: { access?: Access; keys?: string; level?: string } = {}): Promise<RunningCodecServer> {
  const { access = { pathSegment: segment }, keys = keyText, level = 'trace' } = options;
  const log: Record<string, unknown>[] = [];
  const server = await createCodecServer({
    keys: parseEncryptionKeys(keys),
    uiOrigins: [UI, 'https://temporal.example'],
    access,
    logger: pino({ level }, { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) }),
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  cleanUps.push(() => server.close());
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  return {
    url,
    log,
    post: (path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { origin: UI, 'content-type': 'application/json', 'x-namespace': NAMESPACE, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

/** A payload as the UI writes it. */
function json(value: unknown): JsonPayload {
  return { metadata: { encoding: base64('json/plain') }, data: base64(JSON.stringify(value)) };
}

/** A payload as Temporal gives it to the UI, encrypted by a worker. */
async function encrypted(value: unknown, keys = keyText): Promise<JsonPayload> {
  const [payload] = await createEncryptionCodec(parseEncryptionKeys(keys)).encode([
    defaultPayloadConverter.toPayload(value),
  ]);
  const entries = Object.entries(payload?.metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)]);
  return { metadata: Object.fromEntries(entries) as Record<string, string>, data: base64(payload?.data ?? '') };
}

function base64(bytes: string | Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

async function payloadsOf(response: Response): Promise<JsonPayload[]> {
  expect(response.status).toBe(200);
  return answerSchema.parse(await response.json()).payloads;
}

async function expectProblem(response: Response, status: number, code: string): Promise<Record<string, unknown>> {
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({ status, code, type: `urn:cooco:problem:${code}` });
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  return problem;
}

/** The claims of a good token, with these changes. */
const claims = (changed: Record<string, unknown> = {}): JWTPayload => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'agent-7',
  exp: Math.floor(Date.now() / 1000) + 60,
  ...changed,
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const ago = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;

const decode = `/${segment}/decode`;
const encode = `/${segment}/encode`;

describe('the codec server', () => {
  it('decodes what a worker encrypted, in the order in which it came, and leaves in clear what was never encrypted', async () => {
    const server = await start();

    const response = await server.post(decode, {
      payloads: [await encrypted({ note: CANARY }), json('plain'), await encrypted(undefined)],
    });

    expect(await payloadsOf(response)).toEqual([
      json({ note: CANARY }),
      json('plain'),
      { metadata: { encoding: base64('binary/null') } },
    ]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('vary')).toBe('Origin');
  });

  it('encodes what the UI sends so that a worker reads it', async () => {
    const server = await start();

    const [sent] = await payloadsOf(await server.post(encode, { payloads: [json({ decision: 'retry' })] }));

    const bytes = Object.entries(sent?.metadata ?? {}).map(([name, text]) => [name, Buffer.from(text, 'base64')]);
    const payload = {
      metadata: Object.fromEntries(bytes) as Record<string, Uint8Array>,
      data: Buffer.from(sent?.data ?? '', 'base64'),
    };
    expect(payload.data.toString('latin1')).not.toContain('retry');
    const [read] = await createEncryptionCodec(parseEncryptionKeys(keyText)).decode([payload]);
    expect(read && defaultPayloadConverter.fromPayload(read)).toEqual({ decision: 'retry' });
  });

  it('encodes once what is sent back encrypted, and with the key that is current', async () => {
    const old = newEncryptionKey('old');
    const server = await start({ keys: `${keyText},${old}` });

    const encoded = await payloadsOf(await server.post(encode, { payloads: [await encrypted('sent back', old)] }));

    expect(encoded[0]?.metadata?.['encryption-key-id']).toBe(base64('current'));
    expect(await payloadsOf(await server.post(decode, { payloads: encoded }))).toEqual([json('sent back')]);
  });

  it('does not encode what says that it is encrypted and is not', async () => {
    const server = await start();
    const made = { metadata: { encoding: base64('binary/encrypted'), 'encryption-key-id': base64('current') } };

    const response = await server.post(encode, { payloads: [{ ...made, data: base64(randomBytes(64)) }] });

    expect(await expectProblem(response, 422, 'DecryptionFailed')).not.toHaveProperty('payloads');
  });

  it.each([
    ['nothing', {}],
    ['null', { payloads: null }],
    ['no payloads', { payloads: [] }],
  ])('answers no payloads to %s', async (_what, body) => {
    const server = await start();

    expect(await payloadsOf(await server.post(decode, body))).toEqual([]);
  });

  it.each([
    ['a payload with nothing in it', {}, {}],
    ['null for what is absent', { metadata: null, data: null }, {}],
    ['the other alphabet, without padding', { data: '-_-_-w' }, { data: '+/+/+w==' }],
    ['fields that it does not know', { data: 'AA==', externalPayloads: [] }, { data: 'AA==' }],
  ])('takes the JSON of protobuf: %s', async (_what, sent, expected) => {
    const server = await start();

    expect(await payloadsOf(await server.post(decode, { payloads: [sent] }))).toEqual([expected]);
  });

  it('says of what it cannot decrypt with which key that would go', async () => {
    const server = await start();
    const tampered = await encrypted(CANARY);
    const bytes = Buffer.from(tampered.data ?? '', 'base64');
    bytes[20] = (bytes[20] ?? 0) ^ 1;

    const unknown = await server.post(decode, { payloads: [await encrypted(CANARY, newEncryptionKey('lost'))] });
    const changed = await server.post(decode, { payloads: [{ ...tampered, data: base64(bytes) }] });

    const { detail } = await expectProblem(unknown, 422, 'DecryptionFailed');
    expect(detail).toContain('"lost"');
    await expectProblem(changed, 422, 'DecryptionFailed');
    expect(JSON.stringify(server.log)).not.toContain(CANARY);
  });

  it('takes a page of history, and no more than that', async () => {
    const server = await start();
    // Base64 makes the text a third longer, which is just below the limit.
    const text = 'x'.repeat(6_000_000);
    const page = { payloads: [await encrypted(text)] };

    const response = await server.post(decode, page);
    const larger = await server.post(decode, { payloads: [{ data: 'A'.repeat(8 * 1024 * 1024) }] });

    expect(await payloadsOf(response)).toEqual([json(text)]);
    await expectProblem(larger, 413, 'PayloadTooLarge');
  });

  it.each([
    ['no JSON', '{"payloads":', 400, 'MalformedRequest'],
    ['a list', [], 400, 'MalformedRequest'],
    ['no list of payloads', { payloads: {} }, 400, 'MalformedRequest'],
    ['a payload that is none', { payloads: [null] }, 400, 'MalformedRequest'],
    ['data that is no base64', { payloads: [{ data: `${CANARY}!` }] }, 400, 'MalformedRequest'],
    ['base64 of no whole byte', { payloads: [{ data: 'AAAAA' }] }, 400, 'MalformedRequest'],
    ['metadata that is no base64', { payloads: [{ metadata: { encoding: 'json plain' } }] }, 400, 'MalformedRequest'],
    ['a member given twice', '{"payloads":[],"payloads":[]}', 400, 'MalformedRequest'],
    ['a member of prototypes', '{"payloads":[{"metadata":{"__proto__":"AA=="}}]}', 400, 'MalformedRequest'],
  ])('refuses %s, and repeats nothing of it', async (_what, body, status, code) => {
    const server = await start();

    const problem = await expectProblem(await server.post(decode, body), status, code);

    expect(JSON.stringify([problem, server.log])).not.toContain(CANARY);
    expect(JSON.stringify(problem)).not.toContain('    at ');
  });

  it('refuses another type of body, and one that is compressed', async () => {
    const server = await start();

    const plain = await server.post(decode, '{}', { 'content-type': 'text/plain' });
    const compressed = await server.post(decode, '{}', { 'content-encoding': 'gzip' });

    expect(await expectProblem(plain, 415, 'UnsupportedMediaType')).toHaveProperty('detail');
    expect(await expectProblem(compressed, 415, 'UnsupportedMediaType')).toHaveProperty('detail');
  });

  it('says that it is healthy to whoever asks', async () => {
    const { url } = await start();

    const response = await fetch(`${url}/healthz`);

    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('answers what is no HTTP with a problem document', async () => {
    const { url } = await start();

    const answer = await sendRaw(url, 'POST nowhere\r\n\r\n', { endAfter: true });

    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'MalformedRequest' });
  });
});

describe('pages', () => {
  it('of the UI may send what the UI sends, and read the answer, errors included', async () => {
    const server = await start();

    const preflight = await fetch(`${server.url}${decode}`, {
      method: 'OPTIONS',
      headers: {
        origin: UI,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,authorization-extras,content-type,x-namespace',
      },
    });
    const refused = await server.post(decode, 'no JSON');

    expect(preflight.status).toBe(204);
    expect(await preflight.text()).toBe('');
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, x-namespace, authorization, authorization-extras',
      'cache-control': 'no-store',
      vary: 'Origin',
    });
    expect(refused.status).toBe(400);
    expect(refused.headers.get('access-control-allow-origin')).toBe(UI);
    expect(refused.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it.each([
    'null',
    'http://localhost:8233.evil.example',
    'http://localhost:82330',
    'http://evil.example',
    'https://localhost:8233',
    'http://LOCALHOST:8233',
    'http://localhost:8233/',
    'http://127.0.0.1:8233',
    `${UI}, http://evil.example`,
    '*',
    '',
  ])('of another origin are refused, whatever they ask for: %j', async (origin) => {
    const server = await start();
    const body = { payloads: [await encrypted(CANARY)] };
    const preflight = { origin, 'access-control-request-method': 'POST' };

    const answers = [
      await server.post(decode, body, { origin }),
      await server.post('/nothing-here', body, { origin }),
      await fetch(`${server.url}${decode}`, { method: 'OPTIONS', headers: preflight }),
      await fetch(`${server.url}/healthz`, { headers: { origin } }),
      await fetch(`${server.url}/%zz`, { headers: { origin } }),
    ];

    for (const answer of answers) {
      await expectProblem(answer, 403, 'OriginNotAllowed');
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('the path segment', () => {
  const body = { payloads: [json('plain')] };

  it('is asked of programs, too, which say no origin', async () => {
    const { url } = await start();
    const post = (path: string) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });

    expect((await post(decode)).status).toBe(200);
    await expectProblem(await post('/decode'), 404, 'NotFound');
  });

  it.each([
    '/decode',
    '/encode',
    '//decode',
    `/${segment.slice(0, -1)}/decode`,
    `/${segment}x/decode`,
    `/${segment.toUpperCase()}/decode`,
    `/${'x'.repeat(43)}/decode`,
    `/x/${segment}/decode`,
    `/decode?${segment}`,
  ])('that is wrong or missing gets the answer of any unknown address: %s', async (path) => {
    const server = await start();

    const wrong = await expectProblem(await server.post(path, body), 404, 'NotFound');
    const otherMethod = await fetch(`${server.url}${path}`, { method: 'PUT' });
    const unknown = await expectProblem(await server.post('/nothing-here', body), 404, 'NotFound');

    expect(wrong).toEqual(unknown);
    await expectProblem(otherMethod, 404, 'NotFound');
    expect(otherMethod.headers.get('allow')).toBeNull();
  });

  it('that is right tells what the address knows', async () => {
    const { url } = await start();

    const response = await fetch(`${url}${decode}`);

    await expectProblem(response, 405, 'MethodNotAllowed');
    expect(response.headers.get('allow')).toBe('POST');
  });
});

describe('the access token', () => {
  let publisher: LoopbackServer;
  let privateKey: CryptoKey;
  let publicKey: CryptoKey;
  let strangersKey: CryptoKey;

  beforeAll(async () => {
    ({ privateKey, publicKey } = await generateKeyPair('RS256'));
    ({ privateKey: strangersKey } = await generateKeyPair('RS256'));
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', use: 'sig' };
    publisher = await startHttpServer((response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: [jwk] }));
    });
  });
  afterAll(() => publisher.close());

  const startWithToken = (options: { subjects?: string[]; pathSegment?: string; keysUrl?: string } = {}) => {
    const { subjects, keysUrl = publisher.url, ...more } = options;
    return start({ access: { ...more, token: { issuer: ISSUER, audience: AUDIENCE, keysUrl, subjects } } });
  };
  const sign = (payload: JWTPayload, key: CryptoKey | Uint8Array = privateKey, alg = 'RS256', kid = 'one') =>
    new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(key);

  it('opens the server to whom it names, without a secret path', async () => {
    const server = await startWithToken({ subjects: ['agent-6', 'agent-7'] });

    const response = await server.post('/decode', { payloads: [await encrypted('x')] }, bearer(await sign(claims())));

    expect(await payloadsOf(response)).toEqual([json('x')]);
  });

  it.each<[string, () => Promise<string> | string]>([
    ['nothing', () => ''],
    ['another scheme', () => 'Basic YWdlbnQtNzpwYXNzd29yZA=='],
    ['no token', () => 'Bearer undefined'],
    ['an expired one', async () => `Bearer ${await sign(claims({ exp: ago(10) }))}`],
    ['one that is not valid yet', async () => `Bearer ${await sign(claims({ nbf: ago(-60) }))}`],
    ['one without an end', async () => `Bearer ${await sign({ iss: ISSUER, aud: AUDIENCE, sub: 'agent-7' })}`],
    ['one of nobody', async () => `Bearer ${await sign(claims({ sub: undefined }))}`],
    ['one of a number', async () => `Bearer ${await sign(claims({ sub: 7 }))}`],
    ['one of another issuer', async () => `Bearer ${await sign(claims({ iss: 'https://other.example/' }))}`],
    ['one for another audience', async () => `Bearer ${await sign(claims({ aud: 'another-program' }))}`],
    ['one for no audience', async () => `Bearer ${await sign(claims({ aud: undefined }))}`],
    ['one that is signed by a stranger', async () => `Bearer ${await sign(claims(), strangersKey)}`],
    ['one with an unknown key', async () => `Bearer ${await sign(claims(), strangersKey, 'RS256', 'two')}`],
    ['one without a signature', () => `Bearer ${new UnsecuredJWT(claims()).encode()}`],
    [
      'one that is signed with the public key as a shared secret',
      async () => `Bearer ${await sign(claims(), Buffer.from(await exportSPKI(publicKey)), 'HS256')}`,
    ],
    [
      'one that was changed',
      async () => {
        const [head, , signature] = (await sign(claims())).split('.');
        return `Bearer ${head}.${Buffer.from(JSON.stringify(claims({ sub: 'agent-8' }))).toString('base64url')}.${signature}`;
      },
    ],
  ])('is refused, and nothing read: %s', async (_what, header) => {
    const server = await startWithToken();
    const authorization = await header();

    const response = await server.post('/decode', { payloads: [await encrypted(CANARY)] }, { authorization });

    await expectProblem(response, 401, 'Unauthorized');
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.headers.get('access-control-allow-origin')).toBe(UI);
    expect(server.log.at(-1)).not.toHaveProperty('payloads');
  });

  it('of somebody who is not on the list is refused as such', async () => {
    const server = await startWithToken({ subjects: ['agent-6'] });

    const response = await server.post('/decode', {}, bearer(await sign(claims())));

    expect(await expectProblem(response, 403, 'SubjectNotAllowed')).not.toHaveProperty('payloads');
  });

  it('does not open a wrong path, nor the right path without it, where both are demanded', async () => {
    const server = await startWithToken({ pathSegment: segment });
    const token = bearer(await sign(claims()));

    expect((await server.post(decode, {}, token)).status).toBe(200);
    await expectProblem(await server.post('/decode', {}, token), 404, 'NotFound');
    await expectProblem(await server.post(decode, {}), 401, 'Unauthorized');
  });

  it.each([
    ['cannot be reached', undefined],
    ['fail', 500],
    ['are no keys', 200],
  ])('is not judged while the keys of the issuer %s: that is said to be temporary', async (_what, status) => {
    const broken = await startHttpServer((response) => {
      response.statusCode = status ?? 200;
      response.end('<html>');
    });
    if (status === undefined) await broken.close();
    else cleanUps.push(() => broken.close());
    const server = await startWithToken({ keysUrl: broken.url });

    const response = await server.post('/decode', {}, bearer(await sign(claims())));

    await expectProblem(response, 503, 'TokenKeysUnavailable');
    expect(response.headers.get('retry-after')).toBe('2');
    expect(server.log).toContainEqual(expect.objectContaining({ level: 40, reason: expect.any(String) }));
  });

  it('stands in the log by its subject, and the token does not', async () => {
    const server = await startWithToken();
    const token = await sign(claims());

    await server.post('/decode', { payloads: [await encrypted(CANARY)] }, bearer(token));

    expect(server.log.at(-1)).toMatchObject({ caller: 'agent-7', msg: 'decode' });
    expect(JSON.stringify(server.log)).not.toContain(token.split('.')[2]);
  });
});

describe('the log', () => {
  it('tells of an answer that the caller did not read to its end', async () => {
    const server = await start();
    const { port } = new URL(server.url);
    const body = JSON.stringify({ payloads: [json('x'.repeat(4_000_000))] });
    const caller = connect(Number(port), '127.0.0.1');
    caller.write(
      `POST /${segment}/decode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    await once(caller, 'data');
    caller.resetAndDestroy();

    await pWaitFor(() => server.log.some(({ msg }) => msg === 'decode'), { interval: 20, timeout: 60_000 });

    expect(server.log.filter(({ msg }) => msg === 'decode')).toMatchObject([{ caller: 'local', payloads: 1 }]);
  });

  it('has a line for each request: who decoded what of which namespace, with which keys', async () => {
    const server = await start({ keys: `${keyText},${newEncryptionKey('old')}` });

    await server.post(decode, { payloads: [await encrypted(CANARY), await encrypted('y'), json('plain')] });
    await server.post(encode, { payloads: [json(CANARY)] });

    const lines = server.log.filter(({ msg }) => msg === 'decode' || msg === 'encode');
    const common = { caller: 'local', namespace: NAMESPACE, status: 200, key_ids: ['current'] };
    expect(lines).toMatchObject([
      { ...common, msg: 'decode', payloads: 3, route: '/:segment/decode' },
      { ...common, msg: 'encode', payloads: 1, route: '/:segment/encode' },
    ]);
  });

  it('has that line at any level', async () => {
    const server = await start({ level: 'error' });

    await server.post(decode, { payloads: [await encrypted(CANARY)] });

    expect(server.log).toMatchObject([{ msg: 'decode', caller: 'local', payloads: 1 }]);
  });

  it('holds neither the path segment nor what was sent, whatever comes', async () => {
    const server = await start();
    const secret = { payloads: [await encrypted(CANARY)] };

    await server.post(decode, secret);
    await server.post(decode, secret, { origin: 'http://evil.example' });
    await server.post(`/${segment}/nothing-here`, json(CANARY));
    await server.post(`/${segment}%zz/decode`, json(CANARY));
    await server.post(`/${segment}/${'x'.repeat(500)}`, json(CANARY));
    await server.post(decode, `{"payloads": "${CANARY}`);
    await fetch(`${server.url}${decode}`);
    await sendRaw(server.url, `POST ${decode} HTTP/9\r\n\r\n`, { endAfter: true });

    const log = JSON.stringify(server.log);
    expect(server.log.length).toBeGreaterThan(8);
    expect(log).not.toContain(segment);
    expect(log).not.toContain(CANARY);
    expect(log).not.toContain(secret.payloads[0]?.data);
  });

  it.each([
    ['x'.repeat(256), '(malformed)'],
    ['a namespace', '(malformed)'],
    ['orders', 'orders'],
  ])('takes no namespace for one that cannot be one: %s', async (namespace, logged) => {
    const server = await start();

    await server.post(decode, {}, { 'x-namespace': namespace });

    expect(server.log.at(-1)).toMatchObject({ namespace: logged });
  });

  it('names no key that is none', async () => {
    const server = await start();
    const made = Array.from({ length: 30 }, (_, index) => ({
      metadata: { encoding: base64('binary/encrypted'), 'encryption-key-id': base64(`key-${index}`) },
    }));
    const text = { metadata: { encoding: base64('binary/encrypted'), 'encryption-key-id': base64(CANARY) } };

    await server.post(decode, { payloads: [text] });
    await server.post(decode, { payloads: made });

    const [first, second] = server.log.filter(({ msg }) => msg === 'decode');
    expect(first).toMatchObject({ status: 422, key_ids: [] });
    expect(second?.['key_ids']).toHaveLength(10);
  });
});
