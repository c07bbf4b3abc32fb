import type { LinkIds } from './order.ts';

/**
 * Whether ids that a person has typed look like those that RideNDine has given so far: each with the same beginning
 * ("rnd_"), of the same kinds of characters, and not much shorter or longer. Ids that are swapped don't.
 *
 * @param known of orders that RideNDine itself has linked; without any, everything is likely.
 */
export function isLikelyLink(link: LinkIds, known: LinkIds[]): boolean {
  return (['ridendine_order_id', 'payment_session_id'] as const).every((field) =>
    looksLike(
      link[field],
      known.map((other) => other[field]),
    ),
  );
}

function looksLike(id: string, known: string[]): boolean {
  if (known.length === 0) return true;
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
