import type { SupportAction } from '../../domain/support-action.ts';
import { orderFields, supportActionFields } from './collections.ts';

/**
 * How to add an action to the recorded ones.
 *
 * @returns the change, and the condition under which it may be made; `undefined` if the action is recorded already. The
 * condition stops an earlier attempt that Directus has held up: it must not write its shorter list over a longer one.
 */
export function recordOf(action: SupportAction, column: unknown) {
  const { entries, isUnchanged } = recordedActions(column);
  if (entries.some((entry) => isSameAction(entry, action))) return undefined;
  return {
    condition: isUnchanged,
    change: { [orderFields.supportActions]: [...entries, action] },
  };
}

/** The entries in the column, and a filter that matches the row only while the column still has as many entries. */
function recordedActions(column: unknown): { entries: unknown[]; isUnchanged: object } {
  const { supportActions } = orderFields;
  if ((column ?? null) === null) return { entries: [], isUnchanged: { [supportActions]: { _null: true } } };
  // Somebody has put something other than a list there by hand. It is kept as an entry; a filter cannot count it.
  if (!Array.isArray(column)) return { entries: [column], isUnchanged: {} };
  return { entries: column, isUnchanged: { [`count(${supportActions})`]: { _eq: column.length } } };
}

function isSameAction(entry: unknown, { id }: SupportAction): boolean {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    supportActionFields.id in entry &&
    entry[supportActionFields.id] === id
  );
}
