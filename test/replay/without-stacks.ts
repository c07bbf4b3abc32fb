import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { createEncryptionCodec } from '../../src/temporal/encryption-codec.ts';
import { replayKeys } from './replay-encryption.ts';

/**
 * Removes the stack traces of failures, plain and encrypted, from a history in JSON. They would reveal paths of the
 * machine that recorded the history, and a replay does not use them.
 */
export async function withoutStacks(history: string): Promise<string> {
  const cleared = await clear(JSON.parse(history), createEncryptionCodec(replayKeys));
  return JSON.stringify(cleared, undefined, 2);
}

async function clear(value: unknown, codec: PayloadCodec): Promise<unknown> {
  if (Array.isArray(value)) return await Promise.all(value.map((part) => clear(part, codec)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([name, part]) => {
    if (name === 'stackTrace') return [name, ''];
    if (name === 'encodedAttributes') return [name, await clearEncoded(part as JsonPayload, codec)];
    return [name, await clear(part, codec)];
  });
  return Object.fromEntries(await Promise.all(entries)) as unknown;
}

/** A payload in the JSON format of histories: its bytes are in base64. */
interface JsonPayload {
  metadata: Record<string, string>;
  data: string;
}

async function clearEncoded(encoded: JsonPayload, codec: PayloadCodec): Promise<JsonPayload> {
  const [payload] = await codec.decode([fromJson(encoded)]);
  const { message } = defaultPayloadConverter.fromPayload<{ message: string }>(payload as Payload);
  const [cleared] = await codec.encode([defaultPayloadConverter.toPayload({ message, stack_trace: '' })]);
  return toJson(cleared as Payload);
}

function fromJson({ metadata, data }: JsonPayload): Payload {
  const bytes = Object.entries(metadata).map(([name, text]) => [name, Buffer.from(text, 'base64')]);
  return { metadata: Object.fromEntries(bytes) as Record<string, Buffer>, data: Buffer.from(data, 'base64') };
}

function toJson({ metadata, data }: Payload): JsonPayload {
  const texts = Object.entries(metadata ?? {}).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]);
  return {
    metadata: Object.fromEntries(texts) as Record<string, string>,
    data: Buffer.from(data ?? []).toString('base64'),
  };
}
