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
  /** Without it the orders get no button to their workflow; one that is there stays. */
  workflowLink?: WorkflowLink | undefined;
}

export interface SchemaChanges {
  /** What was made or changed, such as `orders.status: added`. Empty if the schema was as it should be. */
  changed: string[];
  /** Existing fields that have a type which can't hold what is needed, and were left alone. */
  mismatches: string[];
}

/** The first with policies, which the service account needs. */
const OLDEST_MAJOR = 11;

/**
 * Brings the collections of this project into a Directus: adds what is missing, restores what it owns (looks, unique
 * constraints), and leaves alone and deletes nothing of what others have made. Done twice, it changes nothing.
 *
 * @throws {AdministrationError} with one sentence; then nothing was changed, since Directus applies all or nothing.
 */
export async function applySchema(options: ApplySchemaOptions): Promise<SchemaChanges> {
  const directus = connectAsAdministrator(options);
  // Directus remembers what the database looked like: a constraint that was dropped behind its back would not be missed.
  await directus.request(customEndpoint({ method: 'POST', path: CLEAR_CACHES_PATH, params: { system: true } }));
  const current = await directus.request(schemaSnapshot());
  assertVersion(current.directus);

  const needed = neededCollections(options.workflowLink);
  assertPrimaryKeys(asSnapshot(current), needed);

  const { snapshot, mismatches } = mergeSnapshot(asSnapshot(current), needed);
  // Merging deletes nothing even if somebody adds a field between the two requests. Older versions know no modes.
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
  for (const line of mismatches) options.log(`${line}: left alone, but orders cannot be created like this`);
  return { changed, mismatches };
}

/** Every collection as orders need it. */
export function neededCollections(link?: WorkflowLink): CollectionDefinition[] {
  return [stores, customers, quotes, ordersCollection(link), orderItems];
}

function assertVersion(version: string): void {
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  throw new AdministrationError(`Directus ${version} is too old: version ${OLDEST_MAJOR} or newer is needed.`);
}

/** A table without its primary key is invisible to Directus, which neither serves nor mends it. */
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

/** The SDK types the entries of a snapshot as anything. */
function asSnapshot(output: SchemaSnapshotOutput): SchemaSnapshotOutput & Snapshot {
  return output as SchemaSnapshotOutput & Snapshot;
}

/** As Directus lists what differs in one item: `kind` is new, edited or deleted, at `path` within it. */
interface Difference {
  kind: string;
  path?: unknown[];
  lhs?: unknown;
  rhs?: unknown;
}

/**
 * Directus 11 calls a relation's lost foreign key something new, and then takes the whole relation for new, which it
 * refuses to make twice. To say that it was null before is what Directus 12 does.
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

/** Directus' marks: a whole item that is new or gone has no path; everything else is a change within one. */
function kindOf(difference: Difference | undefined): Change['kind'] {
  if (difference?.path !== undefined) return 'changed';
  if (difference?.kind === 'N') return 'added';
  return difference?.kind === 'D' ? 'deleted' : 'changed';
}
