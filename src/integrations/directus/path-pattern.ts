import { collections } from './collections.ts';

const known = new Set<string>(Object.values(collections));

/** A request's path as a pattern: our collections keep their names, row ids become `{id}`, other paths become `/…`. */
export function directusPathPattern(path: string): string {
  const [, collection = '', row] = /\/items\/([^/]+)(\/.+)?$/.exec(path) ?? [];
  if (!known.has(collection)) return '/…';
  return `/items/${collection}${row === undefined ? '' : '/{id}'}`;
}
