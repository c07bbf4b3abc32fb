/** Longest path that is told, in characters. */
const LONGEST_PATH = 256;

/**
 * A place in a document as people write it: `quote.items_snapshot[0].options`. A path that gets too long is cut. A path
 * with a name that may not be told ends there, with `*`: the author of the document chose that name, and it may hold
 * anything, for instance a phone number.
 *
 * @param base the name of the document; an empty text for a document without a name.
 */
export function fieldPath(base: string, path: readonly PropertyKey[], mayBeTold: (name: string) => boolean): string {
  let field = base;
  for (const step of path) {
    const isName = typeof step !== 'number';
    if (isName && !mayBeTold(String(step))) return field && `${field}.*`;
    const longer = isName ? `${field}${field && '.'}${String(step)}` : `${field}[${step}]`;
    if (longer.length > LONGEST_PATH) break;
    field = longer;
  }
  return field;
}
