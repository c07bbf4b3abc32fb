import { collections } from './collections.ts';

const known = new Set<string>(Object.values(collections));

/** The path of a request as a pattern: collections have names, rows become `{id}`, and anything else is not told. */
export function directusPathPattern(path: string): string {
  const [, collection = '', row] = /\/items\/([^/]+)(\/.+)?$/.exec(path) ?? [];
  if (!known.has(collection)) return '/…';
  return `/items/${collection}${row === undefined ? '' : '/{id}'}`;
}
