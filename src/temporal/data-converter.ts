import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { createEncryptionCodec } from './encryption-codec.ts';
import type { EncryptionKeys } from './encryption-keys.ts';

/**
 * The data converter for what Temporal stores. With keys it encrypts, without keys it writes in clear. Workflow ids,
 * search attributes, failure types and headers are always in clear.
 */
export function dataConverterFor(keys: EncryptionKeys | undefined): DataConverter {
  return { payloadCodecs: [createEncryptionCodec(keys)], ...(keys && encryptedFailures) };
}

/** The part that `npm run build` puts into the bundle of workflows. The module is compiled if this file is compiled. */
export const encryptedFailures = {
  failureConverterPath: fileURLToPath(
    new URL(`failure-converter${path.extname(import.meta.filename)}`, import.meta.url),
  ),
} satisfies DataConverter;
