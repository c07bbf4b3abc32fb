import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { createEncryptionCodec } from './encryption-codec.ts';
import type { EncryptionKeys } from './encryption-keys.ts';

/**
 * How workers write what Temporal stores: encrypted where there are keys, in clear where there are none. Workflow ids,
 * search attributes, failure types and headers are always in clear.
 */
export function dataConverterFor(keys: EncryptionKeys | undefined): DataConverter {
  return { payloadCodecs: [createEncryptionCodec(keys)], ...(keys && encryptedFailures) };
}

/** The part of it that a bundle of workflows has built in, whatever the keys. Compiled where this file is. */
export const encryptedFailures = {
  failureConverterPath: fileURLToPath(
    new URL(`failure-converter${path.extname(import.meta.filename)}`, import.meta.url),
  ),
} satisfies DataConverter;
