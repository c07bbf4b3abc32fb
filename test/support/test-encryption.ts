import { randomBytes } from 'node:crypto';
import type { DataConverter } from '@temporalio/common';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';

/** A new key, as `ENCRYPTION_KEYS` takes it. */
export function newEncryptionKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** What the programs and clients of one test file agree on. */
export const testEncryptionKeys = newEncryptionKey('test');
export const testDataConverter: DataConverter = dataConverterFor(parseEncryptionKeys(testEncryptionKeys));
