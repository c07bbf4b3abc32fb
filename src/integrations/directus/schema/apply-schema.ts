import { customEndpoint, schemaApply, schemaDiff, schemaSnapshot } from '@directus/sdk';
import type { SchemaDiffOutput, SchemaSnapshotOutput } from '@directus/sdk';
import {
  AdministrationError,
  CLEAR_CACHES_PATH,
  connectAsAdministrator,
  type AdministrationOptions,
} from './administration.ts';
import type { CollectionDefinition } from './definition.ts';
import { mergeSnapshot, type Snapshot } from './merge-snapshot.ts';
import { orderItems } from './order-items-collection.ts';
import { ordersCollection, type WorkflowLink } from './orders-collection.ts';
import { customers, quotes, stores } from './upstream-collections.ts';

export interface ApplySchemaOptions extends AdministrationOptions {
  log: (line: string) => void;
  /** Without it the form of an order gets no button to its workflow. An existing button stays. */
  workflowLink?: WorkflowLink | undefined;
}

export interface SchemaChanges {
  /** What was made or changed, such as `orders.status: added`. Empty if the schema was as it should be. */
  changed: string[];
  /** Existing fields whose type cannot hold the needed values. They were left as they are. */
  mismatches: string[];
}

/** The first major version of Directus that has policies, which the service account needs. */
const OLDEST_MAJOR = 11;

/**
 * Brings the collections of this project into a Directus. Adds what is missing, and restores what this project owns
 * (looks, unique constraints). Neither changes nor deletes what others have made. A second call changes nothing.
 *
 * @throws {AdministrationError} with one sentence; then nothing was changed, since Directus applies all or nothing.
 */
export async function applySchema(options: ApplySchemaOptions): Promise<SchemaChanges> {
  const directus = connectAsAdministrator(options);
  // Directus caches its database's schema: it would not notice a constraint that was dropped in the database itself.
  await directus.request(customEndpoint({ method: 'POST', path: CLEAR_CACHES_PATH, params: { system: true } }));
  const current = await directus.request(schemaSnapshot());
  assertVersion(current.directus);

  const needed = neededCollections(options.workflowLink);
  assertPrimaryKeys(asSnapshot(current), needed);

  const { snapshot, mismatches } = mergeSnapshot(asSnapshot(current), needed);
  // Mode `merge` deletes nothing, even if somebody adds a field between the two requests. Older versions ignore it.
  const difference: SchemaDiffOutput | null = await directus.request(schemaDiff(snapshot, { mode: 'merge' }));
  const changes = difference ? listChanges(difference) : [];
  const deletions = changes.filter(({ kind }) => kind === 'deleted');
  if (deletions.length > 0) {
    throw new AdministrationError(
      `The schema changed while it was read (${deletions.map(({ what }) => what).join(', ')}): try again.`,
    );
  }
  if (difference && changes.length > 0) {
    markRestoredForeignKeys(difference);
    await directus.request(schemaApply(difference));
  }

  const changed = changes.map(({ what, kind }) => `${what}: ${kind}`);
  for (const line of changed) options.log(line);
  for (const line of mismatches) options.log(`${line}: not changed, but orders cannot be created with this type`);
  return { changed, mismatches };
}

/** Definitions of all collections that creating orders needs. */
export function neededCollections(link?: WorkflowLink): CollectionDefinition[] {
  return [stores, customers, quotes, ordersCollection(link), orderItems];
}

function assertVersion(version: string): void {
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  throw new AdministrationError(`Directus ${version} is too old: version ${OLDEST_MAJOR} or newer is needed.`);
}

/** Directus does not see a table without a primary key: it neither serves nor repairs the table. */
function assertPrimaryKeys({ collections, fields }: Snapshot, needed: CollectionDefinition[]): void {
  for (const { collection } of needed) {
    const hasTable = collections.some((entry) => entry.collection === collection && Boolean(entry['schema']));
    const hasKey = fields.some((entry) => entry.collection === collection && entry.schema?.['is_primary_key'] === true);
    if (hasTable && !hasKey) {
      throw new AdministrationError(
        `The table ${collection} has lost its primary key, so Directus cannot see it: ` +
          `restore it (ALTER TABLE ${collection} ADD PRIMARY KEY (id)) and try again.`,
      );
    }
  }
}

/** The SDK types the entries of a snapshot with `any`. */
function asSnapshot(output: SchemaSnapshotOutput): SchemaSnapshotOutput & Snapshot {
  return output as SchemaSnapshotOutput & Snapshot;
}

/** One difference in an item, as Directus lists it: `kind` is N (new), E (edited) or D (deleted), at `path` in it. */
interface Difference {
  kind: string;
  path?: unknown[];
  lhs?: unknown;
  rhs?: unknown;
}

/**
 * If the database has lost the foreign key of a relation, Directus 11 lists that key as new. When it applies this, it
 * takes the whole relation for new, and refuses to make the relation again. So the difference is changed to what
 * Directus 12 lists: an edit of a key that was `null` before.
 */
function markRestoredForeignKeys({ diff }: SchemaDiffOutput): void {
  const relations: { diff: Difference[] }[] = diff['relations'] ?? [];
  for (const difference of relations.flatMap((relation) => relation.diff)) {
    if (difference.kind === 'N' && difference.path !== undefined) Object.assign(difference, { kind: 'E', lhs: null });
  }
}

interface Change {
  what: string;
  kind: 'added' | 'changed' | 'deleted';
}

function listChanges({ diff }: SchemaDiffOutput): Change[] {
  return ['collections', 'fields', 'systemFields', 'relations'].flatMap((part) => {
    const entries: { collection: string; field?: string; diff: Difference[] }[] = diff[part] ?? [];
    return entries.map((entry) => ({
      what: [entry.collection, entry.field].filter(Boolean).join('.') + (part === 'relations' ? ' (relation)' : ''),
      kind: kindOf(entry.diff[0]),
    }));
  });
}

/** A difference without a path is about a whole item, which is new or deleted. With a path, the item was changed. */
function kindOf(difference: Difference | undefined): Change['kind'] {
  if (difference?.path !== undefined) return 'changed';
  if (difference?.kind === 'N') return 'added';
  return difference?.kind === 'D' ? 'deleted' : 'changed';
}
