import { z } from 'zod';
import { storableText } from './storable-text.ts';
import { rules } from './value-rules.ts';

/** An amount in the currency's minor unit (cents, or whole units for a currency without them). */
const amount = z.int().min(0);

/** What fits a text column of Directus. */
const shortText = storableText.min(1).max(255);

/** Phase 2 may write any JSON here. `faultsOfJson` finds what cannot be kept as it was written. */
const anyJson = z.custom<z.core.util.JSONType>();

/** One line of a quote's cart. `unit_price` includes the options; other fields are kept as they are. */
export const cartLineSchema = z.looseObject({
  menu_item_id: shortText,
  name: shortText,
  quantity: z.int32().min(1),
  unit_price: amount,
  options: anyJson.optional(),
  note: storableText.nullish(),
});
export type CartLine = z.output<typeof cartLineSchema>;

/** What the customer pays, as Phase 2 quoted it. Other fields (fees, taxes) are kept as they are. */
export const totalsSchema = z.looseObject({
  currency: z.string().regex(/^[A-Z]{3}$/, rules.noCurrency),
  total: amount,
  subtotal: amount.nullish(),
});
export type Totals = z.output<typeof totalsSchema>;

/**
 * A quote as Phase 2 left it, with its store and its customer. Nothing about it is taken for granted: what an order
 * needs is checked by `checkCheckout`, which reports what is missing instead of failing at the first gap.
 */
export interface QuoteRecord {
  id: string;
  fulfillment_method: unknown;
  totals: unknown;
  items_snapshot: unknown;
  expires_at: unknown;
  store: { id: string; ridendine_merchant_id: string | null } | null;
  customer: { id: string; name: string | null; phone: string | null; email: string | null } | null;
}
