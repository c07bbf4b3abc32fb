import type { SupportAction } from '../../domain/support-action.ts';
import { orderFields, supportActionFields } from './collections.ts';

/**
 * How an action is added to those that are recorded, `undefined` if it is one of them. The condition keeps an earlier
 * attempt that Directus has held up from writing its shorter list over a longer one.
 */
export function recordOf(action: SupportAction, column: unknown) {
  const { entries, isUnchanged } = recordedActions(column);
  if (entries.some((entry) => isSameAction(entry, action))) return undefined;
  return {
    condition: isUnchanged,
    change: { [orderFields.supportActions]: [...entries, action] },
  };
}

/** What the column holds, and the filter that finds it holding as much. */
function recordedActions(column: unknown): { entries: unknown[]; isUnchanged: object } {
  const { supportActions } = orderFields;
  if ((column ?? null) === null) return { entries: [], isUnchanged: { [supportActions]: { _null: true } } };
  // What somebody has put there by hand in another form is kept like an entry; its length can't be asked for.
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
