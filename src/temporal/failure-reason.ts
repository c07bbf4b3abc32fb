import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { reasonOf } from '../domain/failure-details.ts';

/** What the server tells of a failure that it stores. */
export interface StoredFailure {
  message?: string | null | undefined;
  encodedAttributes?: Payload | null | undefined;
  applicationFailureInfo?:
    { details?: { payloads?: Payload[] | null | undefined } | null | undefined } | null | undefined;
}

/** The reason of a failure, whether it is stored in clear or encrypted. @throws {DecryptionError} */
export async function failureReason(failure: StoredFailure, codec: PayloadCodec): Promise<string> {
  // The reason stands in the first of the details, and nothing of ours has another.
  const payloads = failure.applicationFailureInfo?.details?.payloads ?? [];
  const details = await codec.decode(payloads.slice(0, 1));
  return reasonOf({
    message: await failureMessage(failure, codec),
    details: details.map((detail) => defaultPayloadConverter.fromPayload(detail)),
  });
}

/** All that the message of a failure says. @throws {DecryptionError} */
export async function failureMessage(
  { message, encodedAttributes }: StoredFailure,
  codec: PayloadCodec,
): Promise<string> {
  if (!encodedAttributes) return message ?? '';
  const [attributes] = await codec.decode([encodedAttributes]);
  return defaultPayloadConverter.fromPayload<{ message: string }>(attributes as Payload).message;
}
