import { randomUUID } from 'node:crypto';
import { newCheckoutRequest } from './builders.ts';

/** A request that must never lead to an order. */
export type MalformedRequest = { kind: string } & (
  | { bytes: Buffer }
  | { path: string; init: { method: string; headers: Record<string, string>; body?: string | Buffer } }
);

/** Text that a customer might enter. It must not appear in any log. */
export const canary = 'Canary Row 17';

type Random = () => number;
type Json = Record<string, unknown>;

/** An endless sequence of requests. The same seed gives the same sequence, except for ids. */
export function* malformedRequests({ seed, apiKey }: { seed: number; apiKey: string }): Generator<MalformedRequest> {
  const random = seededRandom(seed);
  for (;;) {
    const [kind, make] = pick(random, kinds);
    yield { kind, ...make(random, apiKey) } as MalformedRequest;
  }
}

function post(apiKey: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const usual = {
    authorization: `Bearer ${apiKey}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  };
  return { path: '/v1/orders', init: { method: 'POST', headers: { ...usual, ...headers }, body } };
}

function soundBody(): Json {
  const { idempotency_key: _key, ...checkout } = newCheckoutRequest({
    customer_note: canary,
    shipping_snapshot: { address: canary, lat: 1, lng: 2 },
  });
  return checkout;
}

const kinds: [string, (random: Random, apiKey: string) => object][] = [
  [
    'a body that is cut off',
    (random, apiKey) => {
      const body = JSON.stringify(soundBody());
      return post(apiKey, body.slice(0, upTo(random, body.length)));
    },
  ],
  [
    'a body with noise in it',
    (random, apiKey) => {
      const body = JSON.stringify(soundBody());
      const at = upTo(random, body.length);
      // A raw NUL is not allowed anywhere in JSON.
      return post(apiKey, `${body.slice(0, at)}\u0000${noise(random)}${body.slice(at)}`);
    },
  ],
  ['a body of random bytes', (random, apiKey) => post(apiKey, bytes(random, 1 + upTo(random, 400)))],
  [
    'a body that lacks a field',
    (random, apiKey) => {
      const { [pick(random, ['customer_id', 'quote_id', 'fulfillment_method'])]: _gone, ...rest } = soundBody();
      return post(apiKey, JSON.stringify(rest));
    },
  ],
  [
    'a field of another type',
    (random, apiKey) => {
      const field = pick(random, [
        'customer_id',
        'quote_id',
        'fulfillment_method',
        'customer_note',
        'shipping_snapshot',
      ]);
      return post(
        apiKey,
        JSON.stringify({ ...soundBody(), [field]: pick(random, [17, true, [], [canary], 1e308, -0]) }),
      );
    },
  ],
  [
    'a field that is too long',
    (random, apiKey) =>
      post(apiKey, JSON.stringify({ ...soundBody(), quote_id: 'q'.repeat(256 + upTo(random, 70_000)) })),
  ],
  [
    'text that cannot be stored',
    (random, apiKey) => {
      const text = `${canary}${pick(random, ['\u0000', '\ud800'])}`;
      return post(
        apiKey,
        JSON.stringify({
          ...soundBody(),
          ...pick(random, [{ quote_id: text }, { customer_note: text }, { shipping_snapshot: { [text]: 1 } }]),
        }),
      );
    },
  ],
  [
    'an unknown field',
    (random, apiKey) => post(apiKey, JSON.stringify({ ...soundBody(), [`x${noise(random)}`]: canary })),
  ],
  [
    'a field given twice',
    (random, apiKey) => {
      const body = JSON.stringify(soundBody());
      return post(apiKey, body.replace('{', `{"${pick(random, ['quote_id', 'customer_id', 'customer_note'])}":null,`));
    },
  ],
  [
    'a name of prototypes',
    (random, apiKey) =>
      post(
        apiKey,
        `{"${pick(random, ['__proto__', 'constructor', 'prototype'])}":{"a":1},${JSON.stringify(soundBody()).slice(1)}`,
      ),
  ],
  [
    'deep nesting',
    (random, apiKey) => {
      const depth = 33 + upTo(random, 20_000);
      return post(
        apiKey,
        `{"shipping_snapshot":{"a":${'['.repeat(depth)}${']'.repeat(depth)}},${JSON.stringify(soundBody()).slice(1)}`,
      );
    },
  ],
  [
    'a key that is none',
    (random, apiKey) =>
      post(apiKey, JSON.stringify(soundBody()), { 'idempotency-key': printable(random, upTo(random, 60)) }),
  ],
  [
    'another key in the body',
    (_random, apiKey) => post(apiKey, JSON.stringify({ ...soundBody(), idempotency_key: randomUUID() })),
  ],
  [
    'another credential',
    (random, apiKey) => post(apiKey, JSON.stringify(soundBody()), { authorization: `Bearer ${printable(random, 36)}` }),
  ],
  [
    'another type',
    (random, apiKey) =>
      post(apiKey, JSON.stringify(soundBody()), {
        'content-type': pick(random, ['text/plain', 'application/', 'multipart/form-data', printable(random, 20)]),
      }),
  ],
  [
    'a content encoding',
    (random, apiKey) =>
      post(apiKey, JSON.stringify(soundBody()), {
        'content-encoding': pick(random, ['gzip', 'br', 'deflate, gzip', 'x']),
      }),
  ],
  [
    'another method',
    (random, apiKey) => {
      const { init } = post(apiKey, JSON.stringify(soundBody()));
      return {
        path: '/v1/orders',
        init: { ...init, method: pick(random, ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) },
      };
    },
  ],
  [
    'an order that nobody can have',
    (random, apiKey) => {
      const { authorization } = post(apiKey, '').init.headers as { authorization: string };
      const path = `/v1/orders/${pick(random, ['%', '%zz', '%00', '..%2f', 'x'.repeat(1 + upTo(random, 300)), encodeURIComponent(noise(random)), ''])}`;
      return { path, init: { method: 'GET', headers: { authorization } } };
    },
  ],
  [
    'noise on the socket',
    (random) => ({ bytes: Buffer.concat([Buffer.from('\u0001'), bytes(random, 1 + upTo(random, 2000))]) }),
  ],
  [
    'a request line that is none',
    (random) => ({ bytes: Buffer.from(`POST ${noise(random)}\u0000 HTTP/1.1\r\nHost: g\r\n\r\n`) }),
  ],
  [
    'a version that is none',
    (random) => ({
      bytes: Buffer.from(`POST /v1/orders HTTP/${pick(random, ['9.9', '1', '1.1.1', 'x'])}\r\nHost: g\r\n\r\n`),
    }),
  ],
  [
    'a header that is none',
    (random, apiKey) =>
      rawPost(
        apiKey,
        `${pick(random, ['no colon here', ': no name', 'sp ace: x', 'bad\u0001name: x', 'value: \u0000'])}\r\n`,
      ),
  ],
  [
    'headers without an end',
    (random, apiKey) => rawPost(apiKey, `X-Long: ${'x'.repeat(16_384 + upTo(random, 8000))}\r\n`),
  ],
  [
    'a length that is none',
    (random, apiKey) =>
      rawPost(
        apiKey,
        `Content-Length: ${pick(random, ['-1', 'x', '1e3', '0x10', '99999999999999999999', '1\r\nContent-Length: 2'])}\r\n`,
      ),
  ],
  [
    'chunks that are none',
    (random, apiKey) =>
      rawPost(
        apiKey,
        'Transfer-Encoding: chunked\r\n',
        `${pick(random, ['zz', '-1', 'ffffffffffffffffff', '5;'])}\r\n${noise(random)}`,
      ),
  ],
  [
    'a body that stops early',
    (random, apiKey) =>
      rawPost(apiKey, `Content-Length: ${100 + upTo(random, 60_000)}\r\n`, JSON.stringify({ customer_note: canary })),
  ],
];

function rawPost(apiKey: string, header: string, body = '') {
  const head = `POST /v1/orders HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${apiKey}\r\nIdempotency-Key: ${randomUUID()}\r\nContent-Type: application/json\r\n`;
  return { bytes: Buffer.from(`${head}${header}\r\n${body}`, 'latin1') };
}

/** Mulberry32: numbers from 0 (included) to 1 (not included). The same seed gives the same numbers. */
function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 (included) to `limit` (not included). */
function upTo(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[upTo(random, values.length)] as Value;
}

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => upTo(random, 256)));
}

/** Random text with characters that need escaping in JSON, URLs or headers. */
function noise(random: Random): string {
  return Array.from({ length: upTo(random, 30) }, () => String.fromCodePoint(1 + upTo(random, 0x2ff))).join('');
}

/** Random text that fits a header. No UUID and no media type begins with its first character. */
function printable(random: Random, length: number): string {
  return `!${Array.from({ length }, () => String.fromCodePoint(0x21 + upTo(random, 0x5e))).join('')}`;
}
