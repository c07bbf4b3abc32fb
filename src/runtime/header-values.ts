import type { IncomingMessage } from 'node:http';

/**
 * All values of a header, one for each time that it was sent. Node's `headers` joins the values of some headers, and
 * keeps only one value of others.
 *
 * @param name in lower case.
 */
export function valuesOf({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): string[] {
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** Headers that must have one value: of two values, one program would take the first and another the last. */
const SINGLE = ['host', 'authorization', 'content-type'];

/** @returns the first header that must have one value and was sent with different ones. Equal values count as one. */
export function contradictoryHeader(request: Pick<IncomingMessage, 'rawHeaders'>): string | undefined {
  return SINGLE.find((name) => new Set(valuesOf(request, name)).size > 1);
}
