import { randomUUID } from 'node:crypto';
import { collections, orderFields, orderItemFields } from '../../integrations/directus/collections.ts';
import { CLEAR_CACHES_PATH } from '../../integrations/directus/schema/administration.ts';
import { neededCollections } from '../../integrations/directus/schema/apply-schema.ts';
import type { CollectionDefinition, FieldDefinition } from '../../integrations/directus/schema/definition.ts';
import { canBe } from '../../integrations/directus/schema/merge-snapshot.ts';
import type { Check } from './checks.ts';
import type { DirectusAccess } from './directus-access.ts';
import { holdsData, readField, readFieldNames } from './directus-fields.ts';
import type { FieldState } from './directus-fields.ts';

const HOW_TO_MEND = 'Run "npm run directus:apply".';

/** Marks of a field by which Directus sets or converts its values. Without them the worker gets other values. */
const FUNCTIONAL = new Set(['uuid', 'cast-json', 'cast-timestamp', 'date-created', 'date-updated', 'm2o', 'o2m']);

/** Whether the collections are as orders need them, and the database keeps each order unique. */
export function directusSchemaChecks(directus: () => DirectusAccess): Check[] {
  return [
    {
      name: 'directus-schema',
      needs: ['directus-permissions'],
      async run() {
        const access = directus();
        await lookAnew(access);
        const states = new Map<string, FieldState | undefined>();
        const faults: Faults = { wrong: [], unprotected: [] };
        for (const definition of neededCollections()) await findFaults(access, definition, { faults, states });
        if (faults.wrong.length > 0) {
          return {
            verdict: 'problem',
            finding: `Not as orders need it: ${faults.wrong.join('; ')}.`,
            advice: `${HOW_TO_MEND} A field that has another type, or no column, is yours to delete in Data Studio before.`,
          };
        }
        const required = await findRequired(access, states);
        if (required.length > 0) {
          return {
            verdict: 'problem',
            finding: `Directus refuses orders for what must not be empty in them: ${required.join(', ')}.`,
            advice: 'Give each of these a default value, or let it be empty (Data Studio: "Nullable").',
          };
        }
        if (faults.unprotected.length > 0) {
          return {
            verdict: 'warning',
            finding: `The database does not keep together what belongs together: ${faults.unprotected.join('; ')}.`,
            advice: HOW_TO_MEND,
          };
        }
        return { verdict: 'ok', finding: 'Every field and relation is there.' };
      },
    },
    {
      name: 'directus-constraints',
      needs: ['directus-schema'],
      async run() {
        const access = directus();
        const look = await lookAnew(access);
        const lost: string[] = [];
        for (const { collection, field } of uniqueFields()) {
          const state = await readField(access, collection, field);
          if (!state?.schema?.is_unique && !state?.schema?.is_primary_key) lost.push(`${collection}.${field}`);
        }
        if (lost.length > 0) {
          return {
            verdict: 'problem',
            finding: `Nothing keeps these unique, so that a checkout could make two orders: ${lost.join(', ')}.`,
            advice: `${HOW_TO_MEND} It says which are double already.`,
          };
        }
        if (look === 'done') return { verdict: 'ok', finding: 'The database keeps every order unique.' };
        return {
          verdict: 'not checked',
          finding: `Directus lists every unique constraint, but may remember an old state${look === 'refused' ? ", and does not take DIRECTUS_ADMIN_TOKEN for an administrator's" : ''}.`,
          advice: 'Run the doctor with DIRECTUS_ADMIN_TOKEN set: then Directus looks into its database anew.',
        };
      },
    },
  ];
}

/** We fill these in every row, also in the row of a checkout that was cancelled before its order was made. */
const alwaysFilled: Record<string, readonly string[]> = {
  [collections.orders]: [
    orderFields.id,
    orderFields.status,
    orderFields.paymentStatus,
    orderFields.quoteId,
    orderFields.fulfillmentMethod,
    orderFields.idempotencyKey,
    orderFields.requestFingerprint,
    orderFields.workflowId,
    orderFields.workflowRunId,
  ],
  [collections.orderItems]: [
    orderItemFields.id,
    orderItemFields.order,
    orderItemFields.sort,
    orderItemFields.menuItemId,
    orderItemFields.name,
    orderItemFields.quantity,
    orderItemFields.unitPrice,
  ],
};

/** Directus fills these by itself in a new row. */
const FILLED_BY_DIRECTUS = new Set(['uuid', 'date-created', 'role-created', 'user-created']);

/** The fields that were read already, by collection and name. */
type FieldStates = ReadonlyMap<string, FieldState | undefined>;

/** Columns that must not be empty in a new row, and that neither we nor Directus fill. */
async function findRequired(access: DirectusAccess, known: FieldStates): Promise<string[]> {
  const names = await readFieldNames(access);
  const found: string[] = [];
  for (const [collection, filled] of Object.entries(alwaysFilled)) {
    for (const field of names.get(collection) ?? []) {
      if (filled.includes(field)) continue;
      const name = `${collection}.${field}`;
      const { schema, meta } = (known.has(name) ? known.get(name) : await readField(access, collection, field)) ?? {};
      const isRequired = schema?.is_nullable === false && schema.default_value == null && !schema.is_generated;
      if (isRequired && !meta?.special?.some((special) => FILLED_BY_DIRECTUS.has(special))) found.push(name);
    }
  }
  return found;
}

/**
 * Makes Directus forget what it remembers of the database's schema. Otherwise the checks would not see what somebody
 * has dropped in the database. Only an administrator may do this.
 */
async function lookAnew({ postAsAdministrator }: DirectusAccess): Promise<'done' | 'refused' | 'no token'> {
  const answer = await postAsAdministrator(`${CLEAR_CACHES_PATH}?system=true`);
  if (answer === undefined) return 'no token';
  return answer.status < 300 ? 'done' : 'refused';
}

function uniqueFields(): { collection: string; field: string }[] {
  return neededCollections().flatMap(({ collection, owner, fields }) =>
    owner === 'ours'
      ? fields
          .filter(({ column }) => column?.is_unique ?? column?.is_primary_key)
          .map(({ field }) => ({ collection, field }))
      : [],
  );
}

interface Faults {
  wrong: string[];
  /** Relations without a foreign key in the database. */
  unprotected: string[];
}

/** @param found the faults are added to its `faults`, and the fields as they were read to its `states`. */
async function findFaults(
  access: DirectusAccess,
  definition: CollectionDefinition,
  { faults, states }: { faults: Faults; states: Map<string, FieldState | undefined> },
): Promise<void> {
  const { collection, owner, fields, relations } = definition;
  const before = faults.wrong.length;
  for (const field of fields.filter(holdsData)) {
    const name = `${collection}.${field.field}`;
    const state = await readField(access, collection, field.field);
    states.set(name, state);
    if (state === undefined) {
      faults.wrong.push(`${name} is missing`);
    } else if (field.column !== null && !state.schema) {
      faults.wrong.push(`${name} has no column in the database`);
    } else if (!canBe(state.type, field.type)) {
      faults.wrong.push(`${name} is ${state.type}, not ${field.type}`);
    } else {
      const lost = owner === 'ours' ? lostSpecials(field, state) : [];
      if (lost.length > 0) faults.wrong.push(`${name} has lost ${lost.join(' and ')}`);
      const relation = relations.find((candidate) => candidate.field === field.field);
      if (owner === 'ours' && relation && state.schema?.foreign_key_table !== relation.related) {
        faults.unprotected.push(`${name} is no foreign key to ${relation.related}`);
      }
    }
  }
  // A field that Directus remembers may be gone in the database. A lost relation shows only when it is used.
  if (faults.wrong.length === before && !(await canBeRead(access, definition))) {
    faults.wrong.push(`${collection} cannot be read with every column and relation`);
  }
}

function lostSpecials({ meta }: FieldDefinition, state: FieldState): string[] {
  const special = state.meta?.special ?? [];
  return (meta.special ?? []).filter((name) => FUNCTIONAL.has(name) && !special.includes(name));
}

/**
 * Whether a query that uses every column and relation succeeds. It asks for a row that does not exist, so that no
 * order's data is fetched. It sorts by fields of related rows, and counts related rows: Directus refuses both if the
 * relation is lost, but does not refuse to read the field.
 */
async function canBeRead({ get }: DirectusAccess, definition: CollectionDefinition): Promise<boolean> {
  const { collection, fields, relations } = definition;
  const query = new URLSearchParams({
    fields: fields
      .filter(holdsData)
      .map(({ field, column }) => (column === null ? `count(${field})` : field))
      .join(','),
    filter: JSON.stringify({ id: { _eq: randomUUID() } }),
    sort: relations.map(({ field }) => `${field}.id`).join(',') || 'id',
    limit: '1',
  });
  const { status } = await get(`/items/${collection}?${query.toString()}`);
  return status === 200;
}
