import { randomBytes } from 'node:crypto';
import type { DataConverter } from '@temporalio/common';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';

/** Makes a new key in the format of `ENCRYPTION_KEYS`. */
export function newEncryptionKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** The keys that all programs and clients of one test file use. */
export const testEncryptionKeys = newEncryptionKey('test');
export const testDataConverter: DataConverter = dataConverterFor(parseEncryptionKeys(testEncryptionKeys));
