/** What an order asks of Directus, in its turn, and one thing that it could ask instead. */
export const directusCalls = ['quote and order', 'quote', 'write', 'link'] as const;
export type DirectusCall = (typeof directusCalls)[number];

/** Those that an order makes. */
export const callsOfAnOrder = ['quote and order', 'write', 'link'] as const satisfies DirectusCall[];

/**
 * How it is asked: as the product does, of a Directus as it is shipped, with a copy of its schema for each request, or by
 * a new connection for each request.
 */
export const directusVariants = ['as it is', 'as shipped', 'new connections'] as const;
export type DirectusVariant = (typeof directusVariants)[number];

/** What a cell of the result is called. */
export function nameOf(variant: DirectusVariant, call: DirectusCall): string {
  return `${variant}: ${call}`;
}
