/** What an order asks of Directus, in its turn, and one thing that it could ask instead. */
export const directusCalls = ['quote and order', 'quote', 'write', 'link'] as const;
export type DirectusCall = (typeof directusCalls)[number];

/** How Directus runs: as the product has it, or as it is shipped, with a copy of its schema for each request. */
export const directusVariants = ['as it is', 'as shipped'] as const;
export type DirectusVariant = (typeof directusVariants)[number];

/** What a cell of the result is called. */
export function nameOf(variant: DirectusVariant, call: DirectusCall): string {
  return `${variant}: ${call}`;
}
