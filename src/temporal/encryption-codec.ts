import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { isKeyId } from './encryption-keys.ts';
import type { EncryptionKeys } from './encryption-keys.ts';

const CIPHER = 'aes-256-gcm';
/** The length for which GCM is designed (NIST SP 800-38D, section 8.2). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The encoding that marks payloads of this codec. */
const ENCRYPTED = 'binary/encrypted';
const ENCODING = 'encoding';
const KEY_ID = 'encryption-key-id';

/** A payload cannot be decrypted. `message` names the key's id, which is no secret, and says what to do. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError';
}

/**
 * Encrypts payloads with AES-256-GCM, each with a random nonce. So a person who sees only what Temporal stores cannot
 * read a payload, and a payload that was changed cannot be decrypted. The protobuf form of a payload becomes nonce,
 * ciphertext and tag. The key's id stands beside them in clear, and the tag protects the id, too.
 *
 * A payload that is not encrypted is passed through, because people and other programs may send plain ones. So the
 * codec does not protect against those who may write to Temporal or its database: they can replace a payload by a plain
 * one, or by one of another run.
 *
 * @param keys without keys, nothing is encrypted, and encrypted payloads cannot be read.
 * @throws {DecryptionError} from `decode`.
 */
export function createEncryptionCodec(keys: EncryptionKeys | undefined): PayloadCodec {
  return {
    encode: async (payloads) => (keys ? payloads.map((payload) => encrypt(payload, keys.current)) : payloads),
    decode: async (payloads) => payloads.map((payload) => (isEncrypted(payload) ? decrypt(payload, keys) : payload)),
  };
}

/** The id of the key that an encrypted payload names; `undefined` if it is not encrypted or the id is malformed. */
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
    // A malformed id may be any text, so the message does not repeat it.
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
    // Node's own error tells nothing more.
    throw new DecryptionError(
      `This was not encrypted with our key "${id}", or was changed since: compare ENCRYPTION_KEYS of all programs.`,
    );
  }
}

/** What the tag protects besides the payload. */
function authenticated(keyId: string): Buffer {
  return Buffer.from(`${ENCRYPTED}:${keyId}`);
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}
