import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload, PayloadCodec } from '@temporalio/common';

/** What the server tells of a failure that it stores. */
export interface StoredFailure {
  message?: string | null | undefined;
  encodedAttributes?: Payload | null | undefined;
}

/** The message of a failure, whether it is stored in clear or encrypted. @throws {DecryptionError} */
export async function failureMessage(failure: StoredFailure, codec: PayloadCodec): Promise<string> {
  if (!failure.encodedAttributes) return failure.message ?? '';
  const [attributes] = await codec.decode([failure.encodedAttributes]);
  const { message } = defaultPayloadConverter.fromPayload<{ message: string }>(attributes as Payload);
  return message;
}
