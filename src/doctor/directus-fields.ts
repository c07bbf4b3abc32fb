import { z } from 'zod';
import type { FieldDefinition } from '../integrations/directus/schema/definition.ts';
import { readData } from './directus-access.ts';
import type { DirectusAccess } from './directus-access.ts';

/** A field as Directus describes it. Whoever may read it may ask. */
const fieldSchema = z.object({
  field: z.string(),
  type: z.string(),
  meta: z.object({ special: z.array(z.string()).nullish() }).nullish(),
  schema: z
    .object({
      is_unique: z.boolean().nullish(),
      is_primary_key: z.boolean().nullish(),
      foreign_key_table: z.string().nullish(),
      is_nullable: z.boolean().nullish(),
      is_generated: z.boolean().nullish(),
      default_value: z.unknown(),
    })
    .nullish(),
});

export type FieldState = z.output<typeof fieldSchema>;

/** Whether a field is more than a part of the form. */
export function holdsData({ meta }: FieldDefinition): boolean {
  return !meta.special?.includes('no-data');
}

/** @returns nothing if there is no such field. @throws {HttpAccessError} */
export async function readField(
  { get }: DirectusAccess,
  collection: string,
  field: string,
): Promise<FieldState | undefined> {
  const answer = await get(`/fields/${collection}/${field}`);
  if (answer.status === 403 || answer.status === 404) return undefined;
  return readData(fieldSchema, answer, `what ${collection}.${field} is`);
}

/** All fields of a collection, those of others among them. @throws {HttpAccessError} */
export async function readFields({ get }: DirectusAccess, collection: string): Promise<FieldState[]> {
  return readData(z.array(fieldSchema), await get(`/fields/${collection}`), `which fields ${collection} has`);
}
