import type { Checkout } from './checkout.ts';

/**
 * The text by which people find an order in Directus: what they know of its customer, one fact in each line. The search
 * of Directus looks for a part of a line.
 *
 * @param shipping the delivery address as the checkout page sent it; nothing for a pickup.
 */
export function foundBy({ name, phone, email }: Checkout['customer'], shipping: unknown): string {
  // People write a phone number with different blanks and signs, with or without the country code: hence the digits.
  const digits = phone.replaceAll(/\D/g, '');
  const { address, postal_code, city } = Object(shipping) as Record<string, unknown>;
  const place = [postal_code, city].filter(isText).join(' ');
  return [name, phone, digits, email, address, place].filter(isText).join('\n');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
