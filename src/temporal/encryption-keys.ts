import { createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The keys of an installation. A `KeyObject` does not show its bytes when it is printed. */
export interface EncryptionKeys {
  /** The key that encrypts. */
  current: { id: string; key: KeyObject };
  /** Every key that can decrypt, the current one included. */
  byId: ReadonlyMap<string, KeyObject>;
}

/** A text is not a list of keys. `message` says what is wrong, and repeats nothing of the text. */
export class EncryptionKeysError extends TypeError {
  override readonly name = 'EncryptionKeysError';
}

/** AES-256 takes 32 bytes. */
const KEY_BYTES = 32;
const KEY_ID = /^[\w.-]{1,64}$/;
const FORMAT = 'encryption keys are id:key, separated by commas, each key 32 random bytes in base64';

/** The value of `ENCRYPTION_KEYS` that switches encryption off. */
export const NO_ENCRYPTION = 'off';

/**
 * Reads keys from `id:key,id:key`, each key 32 bytes in base64 (`openssl rand -base64 32`). The first key encrypts. The
 * others only decrypt older payloads. A key's id stands in clear beside everything that the key has encrypted.
 *
 * @returns undefined for `off`: nothing is encrypted.
 * @throws {EncryptionKeysError}
 */
export function parseEncryptionKeys(text: string): EncryptionKeys | undefined {
  // A caller in plain JavaScript is not checked by the compiler.
  if (typeof text !== 'string') throw new EncryptionKeysError(FORMAT);
  if (text === NO_ENCRYPTION) return undefined;
  const keys = text.split(',').map((entry) => parseKey(entry.trim()));
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  if (byId.size < keys.length) throw new EncryptionKeysError('encryption keys must each have an id of their own');
  const [current] = keys;
  if (current === undefined) throw new EncryptionKeysError(FORMAT);
  return { current, byId };
}

/** Whether a text can be the id of a key: it is short, and can stand in a log line unchanged. */
export function isKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

function parseKey(entry: string): { id: string; key: KeyObject } {
  const separator = entry.indexOf(':');
  const [id, encoded] = [entry.slice(0, Math.max(separator, 0)), entry.slice(separator + 1)];
  const bytes = Buffer.from(encoded, 'base64');
  // Node skips characters that are not base64. Only if the bytes encode to the same text was all of it base64.
  if (!isKeyId(id) || bytes.length !== KEY_BYTES || bytes.toString('base64') !== encoded) {
    throw new EncryptionKeysError(FORMAT);
  }
  return { id, key: createSecretKey(bytes) };
}
