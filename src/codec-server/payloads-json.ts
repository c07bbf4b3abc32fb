import type { Payload } from '@temporalio/common';
import { z } from 'zod';

/** The JSON form of bytes in protobuf: base64 in either alphabet, with or without its padding. */
const bytes = z
  .string()
  .refine((text) => {
    const digits = text.replace(/={1,2}$/, '');
    return /^[\w+/-]*$/.test(digits) && digits.length % 4 !== 1;
  }, 'is no base64')
  // Node takes both alphabets.
  .transform((text): Uint8Array => Buffer.from(text, 'base64'));

const payload = z.object({
  metadata: z.record(z.string(), bytes).nullish(),
  data: bytes.nullish(),
});

/** `temporal.api.common.v1.Payloads` in the JSON form of protobuf, where null equals absent. */
export const payloadsSchema = z
  .object({ payloads: z.array(payload).nullish() })
  .transform(({ payloads }): Payload[] =>
    (payloads ?? []).map(({ metadata, data }) => ({ metadata: metadata ?? {}, data: data ?? new Uint8Array() })),
  );

/** Writes payloads as Temporal itself does: empty fields are left out. */
export function payloadsToJson(payloads: Payload[]) {
  return {
    payloads: payloads.map(({ metadata, data }) => {
      const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
      return {
        ...(entries.length > 0 && { metadata: Object.fromEntries(entries) as Record<string, string> }),
        ...(data && data.length > 0 && { data: base64(data) }),
      };
    }),
  };
}

function base64(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
}
