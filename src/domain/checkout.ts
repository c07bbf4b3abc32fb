import { z } from 'zod';
import type { CheckoutRequest } from './checkout-request.ts';
import type { FailureCode } from './failures.ts';
import { fieldPath } from './field-path.ts';
import { MOST_FAULTS, faultsOfJson } from './json-faults.ts';
import type { JsonFault } from './json-faults.ts';
import { hasBlank, hasControl, hasInvisible, trimPasted } from './pasted-text.ts';
import { cartLineSchema, totalsSchema } from './quote.ts';
import type { CartLine, QuoteRecord, Totals } from './quote.ts';
import { ruleBrokenBy, rules } from './value-rules.ts';

/** One thing that is wrong with a checkout. `detail` never repeats what the customer entered. */
export interface CheckoutProblem {
  code: FailureCode;
  /** Path of what is wrong, as the caller or Directus spells it: `shipping_snapshot.lat`, `quote.totals.total`. */
  field: string;
  detail: string;
}

/** Where the order goes: what RideNDine gets as `fulfillment`. */
export type Fulfillment = { type: 'DELIVERY'; address: string; lat: number; lng: number } | { type: 'PICKUP' };

/** Everything that is needed to create the order, checked. */
export interface Checkout {
  quote_id: string;
  /** ISO 8601. */
  quote_expires_at: string;
  store_id: string;
  merchant_id: string;
  customer: { id: string; name: string; phone: string; email: string };
  fulfillment: Fulfillment;
  items: CartLine[];
  totals: Totals;
}

export type CheckedCheckout = { ok: true; checkout: Checkout } | { ok: false; problems: CheckoutProblem[] };

/**
 * Checks a request against the quote that it names, at the time `now`, and reports **every** problem at once.
 *
 * @param quote the quote with its store and customer, or `null` if there is none. The quote of another customer counts
 *   as none: whether it exists is not the caller's business.
 */
export function checkCheckout(request: CheckoutRequest, quote: QuoteRecord | null, now: Date): CheckedCheckout {
  const problems: CheckoutProblem[] = [];
  const report = (code: FailureCode, field: string, detail: string): undefined => {
    problems.push({ code, field, detail });
  };

  const fulfillment = checkFulfillment(request, report);
  if (quote?.customer?.id !== request.customer_id) {
    report('QuoteNotFound', 'quote_id', 'The customer has no quote with this id.');
    return { ok: false, problems };
  }
  const expiresAt = checkExpiry(quote.expires_at, now, report);
  if (quote.fulfillment_method !== request.fulfillment_method) {
    report('CheckoutInvalid', 'fulfillment_method', 'The quote is for another fulfillment method, or for none.');
  }
  const items = checkItems(quote.items_snapshot, report);
  const totals = checkTotals(quote.totals, items, report);
  const merchantId = checkMerchantId(quote.store?.ridendine_merchant_id, report);
  const customer = checkCustomer(quote.customer, report);

  if (
    problems.length > 0 ||
    !fulfillment ||
    !expiresAt ||
    !items ||
    !totals ||
    !customer ||
    !quote.store ||
    merchantId === undefined
  ) {
    return { ok: false, problems };
  }
  return {
    ok: true,
    checkout: {
      quote_id: quote.id,
      quote_expires_at: expiresAt.toISOString(),
      store_id: quote.store.id,
      merchant_id: merchantId,
      customer,
      fulfillment,
      items,
      totals,
    },
  };
}

type Report = (code: FailureCode, field: string, detail: string) => undefined;

function checkFulfillment(request: CheckoutRequest, report: Report): Fulfillment | undefined {
  const snapshot = request.shipping_snapshot;
  if (request.fulfillment_method === 'PICKUP') {
    if (snapshot === undefined) return { type: 'PICKUP' };
    return report('CheckoutInvalid', 'shipping_snapshot', 'A PICKUP has no delivery address.');
  }
  if (snapshot === undefined) {
    return report('CheckoutInvalid', 'shipping_snapshot', 'A DELIVERY needs a delivery address.');
  }
  const { address, lat, lng } = snapshot;
  const addressText = presentText(address);
  if (addressText === undefined) report('CheckoutInvalid', 'shipping_snapshot.address', 'The address is missing.');
  const latitude = coordinate(lat, 90);
  if (latitude === undefined) {
    report('CheckoutInvalid', 'shipping_snapshot.lat', 'The latitude is not a number from -90 to 90.');
  }
  const longitude = coordinate(lng, 180);
  if (longitude === undefined) {
    report('CheckoutInvalid', 'shipping_snapshot.lng', 'The longitude is not a number from -180 to 180.');
  }
  if (addressText === undefined || latitude === undefined || longitude === undefined) return undefined;
  return { type: 'DELIVERY', address: addressText, lat: latitude, lng: longitude };
}

/** Latest accepted expiry, later than any quote's. Deadlines are added to it, and dates end in the year 275760. */
const LATEST_EXPIRY = new Date('9999-12-31T23:59:59.999Z');

function checkExpiry(value: unknown, now: Date, report: Report): Date | undefined {
  const expiresAt = new Date(typeof value === 'string' ? value : Number.NaN);
  if (Number.isNaN(expiresAt.getTime()) || expiresAt > LATEST_EXPIRY) {
    return report('CheckoutInvalid', 'quote.expires_at', 'The quote has no valid expiry time.');
  }
  if (expiresAt <= now) return report('QuoteExpired', 'quote_id', 'The quote has expired.');
  return expiresAt;
}

function checkItems(value: unknown, report: Report): CartLine[] | undefined {
  if (!Array.isArray(value) || value.length === 0) {
    return report('CheckoutInvalid', 'quote.items_snapshot', 'The quote has no items.');
  }
  const faults = [
    ...faultsOfShape(z.array(cartLineSchema), value),
    ...value.flatMap((line, index) => faultsOfJson(line).map(({ path, rule }) => ({ path: [index, ...path], rule }))),
  ];
  if (reportFaults(faults, 'quote.items_snapshot', report)) return undefined;
  // Not the parsed copy: RideNDine gets the quote's lines as Phase 2 wrote them, with the members in the same order.
  return value as CartLine[];
}

function checkTotals(value: unknown, items: CartLine[] | undefined, report: Report): Totals | undefined {
  const faults = [...faultsOfShape(totalsSchema, value), ...faultsOfJson(value)];
  if (reportFaults(faults, 'quote.totals', report)) return undefined;
  const totals = value as Totals;
  if (items && typeof totals.subtotal === 'number' && totals.subtotal !== sumOfLines(items)) {
    return report('CheckoutInvalid', 'quote.totals.subtotal', 'The subtotal is not the sum of the lines.');
  }
  return totals;
}

/** The sum is exact for any cart: an amount may be as large as a safe integer, and the sum larger. */
function sumOfLines(items: CartLine[]): number {
  return Number(items.reduce((sum, line) => sum + BigInt(line.quantity) * BigInt(line.unit_price), 0n));
}

/** People type or paste the merchant id in Directus, so invisible characters may come with it. */
function checkMerchantId(value: string | null | undefined, report: Report): string | undefined {
  const field = 'store.ridendine_merchant_id';
  const merchantId = trimPasted(value ?? '');
  if (merchantId === '') return report('StoreNotOnRideNDine', field, 'The store has no RideNDine merchant.');
  return hasBlank(merchantId) ? report('StoreNotOnRideNDine', field, rules.blank) : merchantId;
}

/** What a customer's name, phone and email must not contain, once the blanks at their ends are dropped. */
const customerRules = {
  name: { isBroken: hasControl, rule: rules.control },
  phone: { isBroken: hasInvisible, rule: rules.invisible },
  email: { isBroken: hasBlank, rule: rules.blank },
} as const;

function checkCustomer(
  customer: NonNullable<QuoteRecord['customer']>,
  report: Report,
): Checkout['customer'] | undefined {
  const [name, phone, email] = (['name', 'phone', 'email'] as const).map((field) => {
    const text = trimPasted(customer[field] ?? '');
    const { isBroken, rule } = customerRules[field];
    if (text === '') return report('CheckoutInvalid', `customer.${field}`, `The customer has no ${field}.`);
    return isBroken(text) ? report('CheckoutInvalid', `customer.${field}`, rule) : text;
  });
  if (name === undefined || phone === undefined || email === undefined) return undefined;
  return { id: customer.id, name, phone, email };
}

function faultsOfShape(schema: z.ZodType, value: unknown): JsonFault[] {
  const { error } = schema.safeParse(value, { error: ruleBrokenBy });
  return (error?.issues ?? []).map(({ path, message }) => ({ path, rule: message }));
}

/** The members of a quote that this project knows. Other names must not get into a failure message. */
const knownNames = new Set<string>([...cartLineSchema.keyof().options, ...totalsSchema.keyof().options]);

/** Reports the first fault of each field, of {@link MOST_FAULTS} fields at most. @returns whether there is a fault. */
function reportFaults(faults: JsonFault[], base: string, report: Report): boolean {
  const byField = new Map<string, string>();
  for (const { path, rule } of faults) {
    const field = fieldPath(base, path, (name) => knownNames.has(name));
    if (byField.size < MOST_FAULTS && !byField.has(field)) byField.set(field, rule);
  }
  for (const [field, rule] of byField) report('CheckoutInvalid', field, rule);
  return faults.length > 0;
}

function presentText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function coordinate(value: unknown, limit: number): number | undefined {
  return typeof value === 'number' && Math.abs(value) <= limit ? value : undefined;
}
