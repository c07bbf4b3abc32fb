import type { Checkout } from './checkout.ts';

/**
 * What people know of a customer who asks for an order, a line each: the search of Directus looks for a part of a line.
 *
 * @param shipping where to, as the checkout page sent it; nothing for a pickup.
 */
export function foundBy({ name, phone, email }: Checkout['customer'], shipping: unknown): string {
  // Everybody writes a phone number with other blanks and signs, and some with and some without the country.
  const digits = phone.replaceAll(/\D/g, '');
  const { address, postal_code, city } = Object(shipping) as Record<string, unknown>;
  const place = [postal_code, city].filter(isText).join(' ');
  return [name, phone, digits, email, address, place].filter(isText).join('\n');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
