import { z } from 'zod';
import { DirectusRejectedError, DirectusUnavailableError } from './errors.ts';

/** The first of the rows that Directus answered, `null` if there is none. @throws as {@link parse} does. */
export function parseFirst<Row>(schema: z.ZodType<Row>, rows: unknown): Row | null {
  const [row] = parse(z.array(schema), rows);
  return row ?? null;
}

/**
 * What Directus answered, checked against what its schema promises.
 *
 * @throws {DirectusUnavailableError} if the answer is `null`: our account may write the row, but not read it.
 * @throws {DirectusRejectedError} if the answer does not fit the schema.
 */
export function parse<Row>(schema: z.ZodType<Row>, row: unknown): Row {
  if (row === null) {
    throw new DirectusUnavailableError('Directus answered without the row: our permissions on it are wrong.');
  }
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new DirectusRejectedError(`Directus answered rows that the schema does not promise (${paths}).`);
}
