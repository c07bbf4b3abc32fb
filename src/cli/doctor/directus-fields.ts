import { z } from 'zod';
import type { FieldDefinition } from '../../integrations/directus/schema/definition.ts';
import { readData } from './directus-access.ts';
import type { DirectusAccess } from './directus-access.ts';

/** A field as Directus describes it. Whoever may read it may ask. */
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

/** Directus' description of its own API, which names every field that whoever asks may read. */
const descriptionSchema = z.object({
  components: z.object({
    schemas: z.record(
      z.string(),
      z.object({ 'x-collection': z.string().optional(), properties: z.record(z.string(), z.unknown()).optional() }),
    ),
  }),
});

/**
 * The names of all fields of each collection, those of others among them; none where Directus does not describe itself
 * (OPENAPI_ENABLED). @throws {HttpAccessError}
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
