import { createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The keys of an installation. A `KeyObject` does not show its bytes when it is printed. */
export interface EncryptionKeys {
  /** What is written is encrypted with it. */
  current: { id: string; key: KeyObject };
  /** What is read may be encrypted with any of them. */
  byId: ReadonlyMap<string, KeyObject>;
}

/** A text that is no list of keys. `message` tells what is wrong, and repeats nothing of the text. */
export class EncryptionKeysError extends TypeError {
  override readonly name = 'EncryptionKeysError';
}

/** AES-256 takes 32 bytes. */
const KEY_BYTES = 32;
const KEY_ID = /^[\w.-]{1,64}$/;
const FORMAT = 'encryption keys are id:key, separated by commas, each key 32 random bytes in base64';

/** Said instead of keys where nothing shall be encrypted. */
export const NO_ENCRYPTION = 'off';

/**
 * Reads keys from `id:key,id:key`, each key 32 bytes in base64 (`openssl rand -base64 32`). The first one encrypts; the
 * others only decrypt what is older. An id stands in clear beside everything that its key has encrypted.
 *
 * @returns undefined for `off`: nothing is encrypted.
 * @throws {EncryptionKeysError}
 */
export function parseEncryptionKeys(text: string): EncryptionKeys | undefined {
  // Not every caller is checked by a compiler.
  if (typeof text !== 'string') throw new EncryptionKeysError(FORMAT);
  if (text === NO_ENCRYPTION) return undefined;
  const keys = text.split(',').map((entry) => parseKey(entry.trim()));
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  if (byId.size < keys.length) throw new EncryptionKeysError('encryption keys must each have an id of their own');
  const [current] = keys;
  if (current === undefined) throw new EncryptionKeysError(FORMAT);
  return { current, byId };
}

/** Short, and fit for a log line as it is. */
export function isKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

function parseKey(entry: string): { id: string; key: KeyObject } {
  const separator = entry.indexOf(':');
  const [id, encoded] = [entry.slice(0, Math.max(separator, 0)), entry.slice(separator + 1)];
  const bytes = Buffer.from(encoded, 'base64');
  // Node skips what is no base64: only a text that comes back the same was all of it.
  if (!isKeyId(id) || bytes.length !== KEY_BYTES || bytes.toString('base64') !== encoded) {
    throw new EncryptionKeysError(FORMAT);
  }
  return { id, key: createSecretKey(bytes) };
}
