import type { LinkIds } from './order.ts';

/** The ids of fewer orders do not show how RideNDine's ids look. */
const FEWEST_COMPARED = 5;

/**
 * Whether ids that a person has typed look like those of other orders. Each id must have the same beginning ("rnd_")
 * and the same kinds of characters, and must not be much shorter or longer. Swapped ids do not look so, and neither
 * does the order id of another order in the place of the payment session, nor the other way round.
 *
 * @param known the ids of other linked orders. If they are few, they only show whether an id is in the other's place.
 */
export function isLikelyLink(link: LinkIds, known: LinkIds[]): boolean {
  const isMisplaced = known.some(
    ({ ridendine_order_id, payment_session_id }) =>
      link.ridendine_order_id === payment_session_id || link.payment_session_id === ridendine_order_id,
  );
  if (isMisplaced) return false;
  const orders = known.map(({ ridendine_order_id }) => ridendine_order_id);
  const payments = known.map(({ payment_session_id }) => payment_session_id);
  if (known.length < FEWEST_COMPARED) {
    return (
      !beginsLike(link.ridendine_order_id, payments, orders) && !beginsLike(link.payment_session_id, orders, payments)
    );
  }
  return looksLike(link.ridendine_order_id, orders) && looksLike(link.payment_session_id, payments);
}

/** Whether an id has a beginning that ids of the other kind have, and ids of its own kind do not. */
function beginsLike(id: string, others: string[], own: string[]): boolean {
  const { beginning } = shapeOf(id);
  const isOf = (ids: string[]) => ids.some((each) => shapeOf(each).beginning === beginning);
  return beginning !== '' && isOf(others) && !isOf(own);
}

function looksLike(id: string, known: string[]): boolean {
  const shape = shapeOf(id);
  const alike = known.map(shapeOf).filter(({ beginning }) => beginning === shape.beginning);
  if (alike.length === 0) return false;
  const kinds = new Set(alike.flatMap((other) => other.kinds));
  const lengths = alike.map(({ length }) => length);
  return (
    shape.kinds.every((kind) => kinds.has(kind)) &&
    shape.length * 2 >= Math.min(...lengths) &&
    shape.length <= Math.max(...lengths) * 2
  );
}

function shapeOf(id: string): { beginning: string; kinds: string[]; length: number } {
  const beginning = /^[A-Za-z]+[_-]/.exec(id)?.[0] ?? '';
  const rest = id.slice(beginning.length);
  return { beginning, kinds: [...new Set(Array.from(rest, kindOf))], length: rest.length };
}

function kindOf(character: string): string {
  if (/\d/.test(character)) return 'digit';
  if (/[a-z]/.test(character)) return 'small letter';
  return /[A-Z]/.test(character) ? 'capital' : character;
}
