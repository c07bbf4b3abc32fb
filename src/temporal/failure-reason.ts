import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { reasonOf } from '../domain/failure-details.ts';

/** The parts of a stored failure that are used here, as the server gives them. */
export interface StoredFailure {
  message?: string | null | undefined;
  encodedAttributes?: Payload | null | undefined;
  applicationFailureInfo?:
    { details?: { payloads?: Payload[] | null | undefined } | null | undefined } | null | undefined;
}

/** The reason of a failure, whether it is stored in clear or encrypted. @throws {DecryptionError} */
export async function failureReason(failure: StoredFailure, codec: PayloadCodec): Promise<string> {
  // The reason is in the first detail. Our failures have no other.
  const payloads = failure.applicationFailureInfo?.details?.payloads ?? [];
  const details = await codec.decode(payloads.slice(0, 1));
  return reasonOf({
    message: await failureMessage(failure, codec),
    details: details.map((detail) => defaultPayloadConverter.fromPayload(detail)),
  });
}

/** The whole message of a failure, stored in clear or encrypted. @throws {DecryptionError} */
export async function failureMessage(
  { message, encodedAttributes }: StoredFailure,
  codec: PayloadCodec,
): Promise<string> {
  if (!encodedAttributes) return message ?? '';
  const [attributes] = await codec.decode([encodedAttributes]);
  return defaultPayloadConverter.fromPayload<{ message: string }>(attributes as Payload).message;
}
