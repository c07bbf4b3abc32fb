import { z } from 'zod';
import { storableText, storableJson } from './storable-text.ts';

/** A UUID in its hyphenated form, lower-cased, so that one key has one spelling everywhere. */
export const hyphenatedUuid = z.guid().toLowerCase();

const absentWhenNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema
    .nullish()
    .transform((value) => value ?? undefined)
    .optional();

/** Longest note that a customer may leave, in characters: a long letter, and far below Directus' body limit. */
const MAX_NOTE_LENGTH = 4000;

/**
 * What the API gateway sends when a customer confirms a checkout (docs/requirements.md, step 3.1), for the customer
 * whom it has authenticated. Unknown fields are refused; `null` equals absent.
 *
 * Only the shape is checked here. Whether a DELIVERY has an address is a rule of `checkCheckout`, so that the customer
 * hears of it together with every other problem.
 */
export const checkoutRequestSchema = z.strictObject({
  customer_id: hyphenatedUuid,
  quote_id: storableText.min(1).max(255),
  fulfillment_method: z.enum(['DELIVERY', 'PICKUP']),
  shipping_snapshot: absentWhenNull(storableJson),
  customer_note: absentWhenNull(storableText.max(MAX_NOTE_LENGTH)),
  idempotency_key: hyphenatedUuid,
});

/** A parsed request: UUIDs in lower case, no unknown fields, and absent fields instead of `null`. */
export type CheckoutRequest = z.output<typeof checkoutRequestSchema>;

/** A request as a caller may write it. */
export type CheckoutRequestInput = z.input<typeof checkoutRequestSchema>;
