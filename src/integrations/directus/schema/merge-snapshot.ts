import type { CollectionDefinition, FieldDefinition, FieldMeta, RelationDefinition } from './definition.ts';

/** The parts of a Directus schema snapshot that this file reads. All other parts are returned as they came. */
export interface Snapshot {
  collections: SnapshotCollection[];
  fields: SnapshotField[];
  relations: SnapshotRelation[];
}

interface SnapshotCollection {
  collection: string;
  meta: Record<string, unknown> | null;
  [key: string]: unknown;
}

interface SnapshotField {
  collection: string;
  field: string;
  type: string;
  meta: Record<string, unknown> | null;
  schema: Record<string, unknown> | null;
}

interface SnapshotRelation {
  collection: string;
  field: string;
  related_collection: string | null;
  meta: Record<string, unknown> | null;
  schema: Record<string, unknown> | null;
}

export interface MergedSnapshot<S extends Snapshot> {
  snapshot: S;
  /** Existing fields with an unsuitable type, which were left alone, such as `orders.totals is string, not json`. */
  mismatches: string[];
}

/**
 * Types that hold the same values, so that an existing column of one type serves for the other. `dateTime` does not
 * serve for `timestamp`: it has no time zone, and its values would be read hours off.
 */
const interchangeable = [
  ['string', 'text', 'uuid'],
  ['integer', 'bigInteger'],
];

/**
 * Adds our collections to the snapshot of a Directus. What is missing is added. What is ours is set as defined. What
 * other people have made stays, so that applying the result deletes nothing.
 */
export function mergeSnapshot<S extends Snapshot>(target: S, definitions: CollectionDefinition[]): MergedSnapshot<S> {
  const snapshot = structuredClone(target);
  const mismatches: string[] = [];
  for (const definition of definitions) {
    mergeCollection(snapshot, definition);
    definition.fields.forEach((field, index) => {
      const mismatch = mergeField(snapshot, definition, field, index + 1);
      if (mismatch !== undefined) mismatches.push(mismatch);
    });
    for (const relation of definition.relations) mergeRelation(snapshot, definition, relation);
  }
  return { snapshot, mismatches };
}

function mergeCollection({ collections }: Snapshot, { collection, owner, meta }: CollectionDefinition): void {
  const existing = collections.find((candidate) => candidate.collection === collection);
  if (existing === undefined) {
    collections.push({ collection, meta: { ...meta, collection }, schema: { name: collection } });
  } else if (owner === 'ours') {
    existing.meta = { ...existing.meta, ...meta, collection };
  }
}

/** @returns what is wrong with an existing field whose type cannot hold the needed values; else `undefined`. */
function mergeField(
  { fields }: Snapshot,
  { collection, owner }: CollectionDefinition,
  { field, type, column, meta }: FieldDefinition,
  place: number,
): string | undefined {
  const existing = fields.find((candidate) => candidate.collection === collection && candidate.field === field);
  if (existing === undefined) {
    fields.push({
      collection,
      field,
      type,
      meta: { sort: place, ...meta, collection, field },
      schema: column && newColumn(collection, field, column),
    });
    return undefined;
  }
  if (!canBe(existing.type, type)) return `${collection}.${field} is ${existing.type}, not ${type}`;
  if (owner === 'theirs') return undefined;

  existing.meta = mergeMeta(existing.meta, { collection, field, meta });
  // Constraints are only added. A constraint that others have put on the field stays, and the field keeps its type.
  for (const constraint of ['is_unique', 'is_indexed'] as const) {
    if (column?.[constraint] && existing.schema) existing.schema[constraint] = true;
  }
  return undefined;
}

/** Whether a field of one type holds the values of another. */
export function canBe(existingType: string, neededType: string): boolean {
  if (existingType === neededType) return true;
  return interchangeable.some((types) => types.includes(existingType) && types.includes(neededType));
}

/** Our settings win. But people may arrange the form by hand: an existing field keeps its order, width and group. */
function mergeMeta(
  existing: Record<string, unknown> | null,
  ours: { collection: string; field: string; meta: FieldMeta },
): Record<string, unknown> {
  const { collection, field, meta } = ours;
  if (existing === null) return { ...meta, collection, field };
  const { width: _width, group: _group, ...looks } = meta;
  return {
    ...existing,
    ...looks,
    ...(meta.options && { options: mergeOptions(existing['options'], meta.options) }),
    ...(meta.display_options && { display_options: mergeOptions(existing['display_options'], meta.display_options) }),
  };
}

/** Choices that others have added, such as a later phase's statuses, are kept and follow ours. */
function mergeOptions(existing: unknown, ours: Record<string, unknown>): Record<string, unknown> {
  if (!isRecord(existing)) return ours;
  const ourChoices = choicesOf(ours);
  if (ourChoices === undefined) return { ...existing, ...ours };
  const ourValues = new Set(ourChoices.map((choice) => choice['value']));
  const others = (choicesOf(existing) ?? []).filter((choice) => !ourValues.has(choice['value']));
  return { ...existing, ...ours, choices: [...ourChoices, ...others] };
}

function choicesOf({ choices }: Record<string, unknown>): Record<string, unknown>[] | undefined {
  return Array.isArray(choices) ? choices.filter(isRecord) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mergeRelation(
  { relations }: Snapshot,
  { collection, owner }: CollectionDefinition,
  { field, related, onDelete, list }: RelationDefinition,
): void {
  const existing = relations.find((candidate) => candidate.collection === collection && candidate.field === field);
  const ends = { one_field: list?.field ?? null, sort_field: list?.sortBy ?? null };
  const constraint = {
    table: collection,
    column: field,
    foreign_key_table: related,
    foreign_key_column: 'id',
    on_update: 'NO ACTION',
    on_delete: onDelete,
  };
  if (existing === undefined) {
    relations.push({
      collection,
      field,
      related_collection: related,
      meta: {
        ...ends,
        many_collection: collection,
        many_field: field,
        one_collection: related,
      },
      schema: constraint,
    });
    return;
  }
  if (owner === 'theirs') return;
  if (list && existing.meta) existing.meta = { ...existing.meta, ...ends };
  // Without the foreign key in the database, Directus goes on, and would delete a customer who has orders.
  existing.schema ??= constraint;
  // An order must survive the deletion of a row that it points to, even if somebody made the relation with CASCADE.
  if (onDelete !== 'CASCADE' && existing.schema['on_delete'] === 'CASCADE') {
    existing.schema['on_delete'] = onDelete;
  }
}

function newColumn(collection: string, field: string, column: NonNullable<FieldDefinition['column']>) {
  return {
    name: field,
    table: collection,
    default_value: null,
    max_length: column.max_length ?? null,
    is_nullable: column.is_primary_key !== true,
    is_unique: column.is_unique === true || column.is_primary_key === true,
    is_indexed: column.is_indexed === true,
    is_primary_key: column.is_primary_key === true,
  };
}
