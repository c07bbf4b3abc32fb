import type { IncomingMessage } from 'node:http';

/**
 * The values of a header, as often as it was sent: Node joins those of some headers, and drops all but one of others.
 *
 * @param name in lower case.
 */
export function valuesOf({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): string[] {
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** Headers of which one reader would take the first value and another the last. */
const SINGLE = ['host', 'authorization', 'content-type'];

/** The first header that was sent with two different values and may have only one; equal ones are as good as one. */
export function contradictoryHeader(request: Pick<IncomingMessage, 'rawHeaders'>): string | undefined {
  return SINGLE.find((name) => new Set(valuesOf(request, name)).size > 1);
}
