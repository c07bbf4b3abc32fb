import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { createEncryptionCodec, DecryptionError, encryptionKeyId } from '../temporal/encryption-codec.ts';
import type { EncryptionKeys } from '../temporal/encryption-keys.ts';
import { payloadsSchema, payloadsToJson } from './payloads-json.ts';
import { problems } from './problems.ts';

/** What the log says of a request, besides its sender. */
export interface Disclosure {
  operation: 'decode' | 'encode';
  payloads: number;
  keyIds: string[];
}

declare module 'fastify' {
  interface FastifyRequest {
    disclosure: Disclosure | undefined;
  }
}

/** How many key ids are logged. A real request names a handful; a request that names more has invented them. */
const MOST_KEY_IDS = 10;

/** `POST /decode` and `POST /encode`: the protocol of Temporal's remote codecs. */
export function registerCodecRoutes(app: FastifyInstance, keys: EncryptionKeys | undefined): void {
  const codec = createEncryptionCodec(keys);
  app.post('/decode', (request, reply) =>
    answer(request, reply, 'decode', async (payloads) => ({
      given: await codec.decode(payloads),
      keyIds: keyIdsOf(payloads),
    })),
  );
  app.post('/encode', (request, reply) =>
    answer(request, reply, 'encode', async (payloads) => {
      const given = await encodeOnce(codec, payloads);
      return { given, keyIds: keyIdsOf(given) };
    }),
  );
}

/**
 * Encrypts payloads, after it has decrypted those that are encrypted already. The UI sends back the payloads that it
 * was given: in clear, or still encrypted if it could not decode them. If they were encrypted twice, no worker could
 * read them. If they were passed through unread, anybody's bytes could pass as ours.
 *
 * @throws {DecryptionError} if a payload is marked as encrypted but cannot be decrypted with our keys.
 */
async function encodeOnce(codec: PayloadCodec, payloads: Payload[]): Promise<Payload[]> {
  return await codec.encode(await codec.decode(payloads));
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Disclosure['operation'],
  convert: (payloads: Payload[]) => Promise<{ given: Payload[]; keyIds: string[] }>,
): Promise<FastifyReply> {
  const parsed = payloadsSchema.safeParse(request.body);
  if (!parsed.success) {
    return problems.send(reply, {
      code: 'MalformedRequest',
      detail: 'Send {"payloads": [{"metadata": {"encoding": "<base64>"}, "data": "<base64>"}]}.',
    });
  }
  const payloads = parsed.data;
  request.disclosure = { operation, payloads: payloads.length, keyIds: keyIdsOf(payloads) };
  try {
    const { given, keyIds } = await convert(payloads);
    request.disclosure.keyIds = keyIds;
    return await reply.send(payloadsToJson(given));
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    return problems.send(reply, { code: 'DecryptionFailed', detail: error.message });
  }
}

function keyIdsOf(payloads: Payload[]): string[] {
  const ids = new Set(payloads.map((payload) => encryptionKeyId(payload)).filter((id) => id !== undefined));
  return [...ids].slice(0, MOST_KEY_IDS);
}
