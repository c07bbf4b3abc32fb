import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { describe, expect, it } from '@jest/globals';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { createEncryptionCodec } from '../../src/temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { newEncryptionKey } from '../support/test-encryption.ts';

const codecOf = (...keys: string[]) => createEncryptionCodec(parseEncryptionKeys(keys.join(',')));
const payloadOf = (value: unknown) => defaultPayloadConverter.toPayload(value);
const bytesOf = (payload: Payload | undefined) => Buffer.from(payload?.data ?? []);

describe('the encryption of payloads', () => {
  it('gives back what was encrypted, with all its metadata', async () => {
    const codec = codecOf(newEncryptionKey('one'));
    const payloads = [
      payloadOf({ note: 'Ring twice.' }),
      payloadOf(undefined),
      { metadata: {}, data: randomBytes(99) },
    ];

    const decoded = await codec.decode(await codec.encode(payloads));

    expect(decoded.map(plainly)).toEqual(payloads.map(plainly));
  });

  it('shows nothing of the payload, and in clear only how and with which key it was encrypted', async () => {
    const [encrypted] = await codecOf(newEncryptionKey('one')).encode([payloadOf('Ring twice.')]);

    expect(bytesOf(encrypted).toString('latin1')).not.toContain('Ring');
    expect(plainly(encrypted).metadata).toEqual({ encoding: 'binary/encrypted', 'encryption-key-id': 'one' });
  });

  it('takes another nonce each time', async () => {
    const encrypted = await codecOf(newEncryptionKey('one')).encode(
      Array.from({ length: 100 }, () => payloadOf('same')),
    );

    const nonces = new Set(encrypted.map((payload) => bytesOf(payload).subarray(0, 12).toString('hex')));

    expect(nonces.size).toBe(100);
  });

  it('passes on what was never encrypted', async () => {
    const plain = payloadOf({ decision: 'retry' });

    await expect(codecOf(newEncryptionKey('one')).decode([plain])).resolves.toEqual([plain]);
  });

  it('encrypts with the first key and reads what any of them has encrypted', async () => {
    const [before, after] = [newEncryptionKey('before'), newEncryptionKey('after')];
    const [old] = await codecOf(before).encode([payloadOf('old')]);
    const rotated = codecOf(after, before);

    const [decoded] = await rotated.decode([old as Payload]);
    const [encrypted] = await rotated.encode([payloadOf('new')]);

    expect(defaultPayloadConverter.fromPayload(decoded as Payload)).toBe('old');
    expect(plainly(encrypted).metadata).toMatchObject({ 'encryption-key-id': 'after' });
  });

  it('is none without keys, which cannot read what was encrypted', async () => {
    const plain = payloadOf('plain');
    const encrypted = await codecOf(newEncryptionKey('one')).encode([plain]);
    const without = codecOf('off');

    await expect(without.encode([plain])).resolves.toEqual([plain]);
    await expect(without.decode([plain])).resolves.toEqual([plain]);
    await expect(without.decode(encrypted)).rejects.toThrow(/the key "one", which is not among/);
  });

  it('says which key is missing', async () => {
    const encrypted = await codecOf(newEncryptionKey('2025-11')).encode([payloadOf('old')]);

    await expect(codecOf(newEncryptionKey('2026-11')).decode(encrypted)).rejects.toThrow(
      /the key "2025-11", which is not among/,
    );
  });

  it('refuses another key of the same id', async () => {
    const encrypted = await codecOf(newEncryptionKey('one')).encode([payloadOf('old')]);

    await expect(codecOf(newEncryptionKey('one')).decode(encrypted)).rejects.toThrow(
      /not encrypted with our key "one"/,
    );
  });

  it.each([
    ['a flipped bit of the nonce', (data: Buffer) => flipped(data, 0)],
    ['a flipped bit of the text', (data: Buffer) => flipped(data, 12)],
    ['a flipped bit of the tag', (data: Buffer) => flipped(data, data.length - 1)],
    ['a shorter tag', (data: Buffer) => data.subarray(0, -1)],
    ['a nonce alone', (data: Buffer) => data.subarray(0, 12)],
    ['nothing', () => Buffer.alloc(0)],
  ])('refuses %s', async (_what, change) => {
    const codec = codecOf(newEncryptionKey('one'));
    const [encrypted] = await codec.encode([payloadOf('Ring twice.')]);

    const changed = { ...encrypted, data: change(bytesOf(encrypted)) };

    await expect(codec.decode([changed])).rejects.toThrow(/was changed since/);
  });

  it('refuses to take one key for another, even if both have the same bytes', async () => {
    const bytes = randomBytes(32).toString('base64');
    const codec = codecOf(`one:${bytes}`, `two:${bytes}`);
    const [encrypted] = await codec.encode([payloadOf('Ring twice.')]);

    const renamed = { ...encrypted, metadata: { ...encrypted?.metadata, 'encryption-key-id': Buffer.from('two') } };

    await expect(codec.decode([renamed as Payload])).rejects.toThrow(/was changed since/);
  });
});

describe('the data converter with keys', () => {
  it('puts messages and stacks of failures among what is encrypted', () => {
    const { failureConverter, payloadConverter } = loadDataConverter(
      dataConverterFor(parseEncryptionKeys(newEncryptionKey('one'))),
    );

    const failure = failureConverter.errorToFailure(new Error('Ring twice.'), payloadConverter);

    expect(failure.message).toBe('Encoded failure');
    expect(failure.stackTrace).toBe('');
    expect(failure.encodedAttributes).toBeDefined();
  });
});

describe('ENCRYPTION_KEYS', () => {
  it.each([
    ['nothing', ''],
    ['a key without an id', randomBytes(32).toString('base64')],
    ['an id with a space', `my key:${randomBytes(32).toString('base64')}`],
    ['a key of 31 bytes', `one:${randomBytes(31).toString('base64')}`],
    ['a key of 33 bytes', `one:${randomBytes(33).toString('base64')}`],
    ['characters that are no base64', `one:${'!'.repeat(44)}`],
    ['a comma too many', `${newEncryptionKey('one')},`],
  ])('refuses %s', (_what, text) => {
    expect(() => parseEncryptionKeys(text)).toThrow(/are id:key, separated by commas/);
  });

  it('refuses two keys of one id', () => {
    expect(() => parseEncryptionKeys(`${newEncryptionKey('one')},${newEncryptionKey('one')}`)).toThrow(
      /an id of their own/,
    );
  });

  it('shows no key when it is printed', () => {
    const bytes = randomBytes(32);
    const keys = parseEncryptionKeys(`one:${bytes.toString('base64')}`);

    const printed = `${inspect(keys, { depth: 9 })}${JSON.stringify(keys)}`;

    expect(printed).not.toContain(bytes.toString('base64').slice(0, 8));
    expect(printed).not.toContain(bytes.toString('hex').slice(0, 4));
  });
});

function flipped(data: Buffer, index: number): Buffer {
  const copy = Buffer.from(data);
  copy.writeUInt8(copy.readUInt8(index) ^ 1, index);
  return copy;
}

function plainly(payload: Payload | undefined) {
  const metadata = Object.entries(payload?.metadata ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value).toString(),
  ]);
  return { metadata: Object.fromEntries(metadata), data: bytesOf(payload).toString('hex') };
}
