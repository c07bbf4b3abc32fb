import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { createEncryptionCodec } from './encryption-codec.ts';
import type { EncryptionKeys } from './encryption-keys.ts';

/**
 * How workers write what Temporal stores: encrypted where there are keys, in clear where there are none. Workflow ids,
 * search attributes, failure types and headers are always in clear.
 */
export function dataConverterFor(keys: EncryptionKeys | undefined): DataConverter {
  return { payloadCodecs: [createEncryptionCodec(keys)], ...(keys && { failureConverterPath }) };
}

/** A bundle of workflows has it built in. */
const failureConverterPath = fileURLToPath(new URL('failure-converter.ts', import.meta.url));
