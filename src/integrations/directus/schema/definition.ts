import type { CollectionName } from '../collections.ts';

/** A collection as this project needs it, in the words of Directus' schema snapshots. */
export interface CollectionDefinition {
  collection: CollectionName;
  /**
   * `ours`: looks and constraints are kept as they are here. `theirs`: another phase's collection; what is missing is
   * added, and what is there is left alone.
   */
  owner: 'ours' | 'theirs';
  meta: Record<string, unknown>;
  /** In the order of the form. */
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
 * `bigInteger` where 32 bits might not do. Directus hands it out as a string of digits, since JavaScript numbers are
 * exact only up to 2^53.
 */
export type FieldType = 'alias' | 'bigInteger' | 'integer' | 'json' | 'string' | 'text' | 'timestamp' | 'uuid';

export interface ColumnDefinition {
  is_primary_key?: true;
  /** Makes the database refuse a second row with the same value; any number of rows may have none. */
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
  /** Of the last rule that the row keeps, the options count. */
  conditions?: { name: string; rule: { _and: object[] }; hidden?: boolean; options?: Record<string, unknown> }[];
  readonly?: boolean;
  hidden?: boolean;
  width?: 'half' | 'full';
  group?: string;
}

/** A field that points to a row of another collection, and the list of these rows at the other end. */
export interface RelationDefinition {
  field: string;
  related: CollectionName;
  /** What becomes of this row when the one that it points to is deleted. `NO ACTION` forbids deleting that one. */
  onDelete: 'NO ACTION' | 'SET NULL' | 'CASCADE';
  /** The field of the other collection that lists these rows, and the field that they are sorted by there. */
  list?: { field: string; sortBy: string };
}
