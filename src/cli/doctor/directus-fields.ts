import { z } from 'zod';
import type { FieldDefinition } from '../../integrations/directus/schema/definition.ts';
import { readData } from './directus-access.ts';
import type { DirectusAccess } from './directus-access.ts';

/** A field as Directus describes it. Every account that may read the field gets the description. */
const fieldSchema = z.object({
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

/** Whether a field holds data, and is not only a part of the form. */
export function holdsData({ meta }: FieldDefinition): boolean {
  return !meta.special?.includes('no-data');
}

/** @returns undefined if there is no such field, or our account may not read it. @throws {HttpAccessError} */
export async function readField(
  { get }: DirectusAccess,
  collection: string,
  field: string,
): Promise<FieldState | undefined> {
  const answer = await get(`/fields/${collection}/${field}`);
  if (answer.status === 403 || answer.status === 404) return undefined;
  return readData(fieldSchema, answer, `what ${collection}.${field} is`);
}

/** Directus' description of its own API. It names every field that our account may read. */
const descriptionSchema = z.object({
  components: z.object({
    schemas: z.record(
      z.string(),
      z.object({ 'x-collection': z.string().optional(), properties: z.record(z.string(), z.unknown()).optional() }),
    ),
  }),
});

/**
 * The names of all fields of each collection, also of fields that others have added. Empty if Directus does not
 * describe its API (OPENAPI_ENABLED). @throws {HttpAccessError}
 */
export async function readFieldNames({ get }: DirectusAccess): Promise<Map<string, string[]>> {
  const { json } = await get('/server/specs/oas');
  const description = descriptionSchema.safeParse(json).data;
  return new Map(
    Object.values(description?.components.schemas ?? {}).map(({ 'x-collection': collection = '', properties = {} }) => [
      collection,
      Object.keys(properties),
    ]),
  );
}
