/** Names that a caller made up may hold anything, a phone number for instance, and a path goes into messages and logs. */
const HARMLESS_NAME = /^[a-z_]\w{0,63}$/i;

/** Longest path that is told. */
const LONGEST_PATH = 256;

/**
 * A place in a document as people write it: `quote.items_snapshot[0].options`. It ends before a name that could be
 * anything, and before it gets too long to be read.
 *
 * @param base of the document, or nothing for a document that has no name of its own.
 */
export function fieldPath(base: string, path: readonly PropertyKey[]): string {
  let field = base;
  for (const step of path) {
    const isName = typeof step !== 'number';
    if (isName && !(typeof step === 'string' && HARMLESS_NAME.test(step))) break;
    const longer = isName ? `${field}${field === '' ? '' : '.'}${step}` : `${field}[${step}]`;
    if (longer.length > LONGEST_PATH) break;
    field = longer;
  }
  return field;
}
