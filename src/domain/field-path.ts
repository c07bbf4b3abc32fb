/** Longest path that is told. */
const LONGEST_PATH = 256;

/**
 * A place in a document as people write it: `quote.items_snapshot[0].options`. It ends before it gets too long to be
 * read, and with `*` at a name that may not be told: whoever wrote the document chose that name, and it may hold
 * anything, a phone number for instance.
 *
 * @param base of the document, or nothing for a document that has no name of its own.
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
