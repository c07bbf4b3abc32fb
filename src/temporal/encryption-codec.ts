import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { isKeyId } from './encryption-keys.ts';
import type { EncryptionKeys } from './encryption-keys.ts';

const CIPHER = 'aes-256-gcm';
/** What GCM is made for (NIST SP 800-38D, section 8.2). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** How payloads are marked that this codec has made. */
const ENCRYPTED = 'binary/encrypted';
const ENCODING = 'encoding';
const KEY_ID = 'encryption-key-id';

/** Something that was encrypted can't be read. `message` names the key, which is no secret, and says what to do. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError';
}

/**
 * Encrypts payloads with AES-256-GCM, each under a random nonce, so that nobody who only sees what Temporal stores can
 * read it, and whoever changes something in it is found out. A payload becomes nonce, ciphertext and tag of its protobuf form; the key's id stands beside it in
 * clear, and counts for the tag.
 *
 * A payload that is not encrypted is passed through: people and other programs may send plain ones. So it is no proof
 * against who may write to Temporal or its database: they can put a plain payload, or one of another run, in a place.
 *
 * @param keys without them nothing is encrypted, and nothing that is can be read.
 * @throws {DecryptionError} from `decode`.
 */
export function createEncryptionCodec(keys: EncryptionKeys | undefined): PayloadCodec {
  return {
    encode: async (payloads) => (keys ? payloads.map((payload) => encrypt(payload, keys.current)) : payloads),
    decode: async (payloads) => payloads.map((payload) => (isEncrypted(payload) ? decrypt(payload, keys) : payload)),
  };
}

/** The id of the key under which a payload says that it was encrypted; `undefined` if it is not, or the id is none. */
export function encryptionKeyId(payload: Payload): string | undefined {
  const id = textOf(payload.metadata?.[KEY_ID]);
  return isEncrypted(payload) && isKeyId(id) ? id : undefined;
}

function isEncrypted({ metadata }: Payload): boolean {
  return textOf(metadata?.[ENCODING]) === ENCRYPTED;
}

function encrypt(payload: Payload, { id, key }: EncryptionKeys['current']): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated(id));
  const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
  return {
    metadata: { [ENCODING]: Buffer.from(ENCRYPTED), [KEY_ID]: Buffer.from(id) },
    data: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
  };
}

function decrypt({ metadata, data }: Payload, keys: EncryptionKeys | undefined): Payload {
  const id = textOf(metadata?.[KEY_ID]);
  const key = keys?.byId.get(id);
  if (key === undefined) {
    // Whatever else stands there is not ours to repeat.
    const which = isKeyId(id) ? `the key "${id}"` : 'a key of another kind';
    throw new DecryptionError(
      `This was encrypted with ${which}, which is not among the ENCRYPTION_KEYS of this program.`,
    );
  }
  const bytes = data ?? new Uint8Array();
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(authenticated(id));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const plain = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
    return proto.temporal.api.common.v1.Payload.decode(Buffer.concat(plain));
  } catch {
    // What Node says of it tells nothing more.
    throw new DecryptionError(
      `This was not encrypted with our key "${id}", or was changed since: compare ENCRYPTION_KEYS of all programs.`,
    );
  }
}

/** What the tag vouches for besides the payload. */
function authenticated(keyId: string): Buffer {
  return Buffer.from(`${ENCRYPTED}:${keyId}`);
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}
