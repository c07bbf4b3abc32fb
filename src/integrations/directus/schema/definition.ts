import type { CollectionName } from '../collections.ts';

/** A collection as this project needs it. The names are those of Directus' schema snapshots. */
export interface CollectionDefinition {
  collection: CollectionName;
  /**
   * `ours`: looks and constraints are kept as they are defined here. `theirs`: the collection belongs to another phase;
   * what is missing is added, and what exists is left as it is.
   */
  owner: 'ours' | 'theirs';
  meta: Record<string, unknown>;
  /** In the order in which the form shows them. */
  fields: FieldDefinition[];
  relations: RelationDefinition[];
}

export interface FieldDefinition {
  field: string;
  type: FieldType;
  /** `null` for a part of the form without a column. */
  column: ColumnDefinition | null;
  meta: FieldMeta;
}

/**
 * `bigInteger` is for values that may need more than 32 bits. Directus returns them as strings of digits, since
 * JavaScript numbers are exact only up to 2^53.
 */
export type FieldType = 'alias' | 'bigInteger' | 'integer' | 'json' | 'string' | 'text' | 'timestamp' | 'uuid';

export interface ColumnDefinition {
  is_primary_key?: true;
  /** Makes the database refuse a second row with the same value. Any number of rows may have no value (`null`). */
  is_unique?: true;
  is_indexed?: true;
  max_length?: number;
}

/** How Data Studio shows a field. */
export interface FieldMeta {
  /** What the field is and who writes it, for a person who has never seen this project. */
  note: string | null;
  translations?: { language: 'en-US'; translation: string }[];
  interface: string;
  special?: string[];
  options?: Record<string, unknown>;
  display?: string;
  display_options?: Record<string, unknown>;
  /** If a row matches several rules, Data Studio uses the options of the last matching rule. */
  conditions?: { name: string; rule: { _and: object[] }; hidden?: boolean; options?: Record<string, unknown> }[];
  readonly?: boolean;
  hidden?: boolean;
  width?: 'half' | 'full';
  group?: string;
}

/** A field that points to a row of another collection, which may list the rows that point to it. */
export interface RelationDefinition {
  field: string;
  related: CollectionName;
  /** What happens to a row when the row it points to is deleted. `NO ACTION` forbids that deletion. */
  onDelete: 'NO ACTION' | 'SET NULL' | 'CASCADE';
  /** The field of the other collection that lists the rows, and the field by which this list is sorted. */
  list?: { field: string; sortBy: string };
}
