import { createPermissions, customEndpoint, deletePermissions, readPermissions } from '@directus/sdk';
import canonicalize from 'canonicalize';
import type { CollectionName } from '../collections.ts';
import type { Administration } from './administration.ts';

/** A role with one policy of its own, which holds all that the role's users may do. */
export interface RoleWithPolicy {
  /** The name of the role in the log, such as `service account`. */
  what: string;
  /** Fixed, so that a second call finds what the first call made, even if a person has renamed it. */
  ids: { role: string; policy: string; access: string };
  name: string;
  icon: string;
  /** One sentence each, for the administrator of Directus. */
  descriptions: { role: string; policy: string };
  /** Whether its users may log in to Data Studio. Each such user takes a seat of the licence. */
  isForPeople: boolean;
  allowed: Partial<Record<CollectionName, Action[]>>;
  /** Whether its users see the flows that people start. Each flow must check by itself who may use it. */
  seesFlows?: boolean;
}

type Action = 'create' | 'read' | 'update';

/** A row of one of Directus' own collections. */
export type SystemRow = { id: string; [field: string]: unknown };

/**
 * Creates or corrects a role, its policy and the policy's permissions. Permissions that are not in `allowed` are
 * removed. A second call changes nothing.
 *
 * A permission covers a whole collection: without a licence key Directus 12 refuses rules for single fields or rows.
 *
 * @returns what was made or changed, such as `service account, permission read orders: added`.
 */
export async function ensureRoleWithPolicy(directus: Administration, definition: RoleWithPolicy): Promise<string[]> {
  const { what, ids, name, icon, descriptions, isForPeople, allowed, seesFlows } = definition;
  const { role, policy } = ids;
  return [
    ...(await ensureRow(directus, what, '/roles', { id: role, name, icon, description: descriptions.role })),
    ...(await ensureRow(directus, what, '/policies', {
      id: policy,
      name,
      icon,
      description: descriptions.policy,
      admin_access: false,
      app_access: isForPeople,
    })),
    ...(await ensureRow(directus, what, '/access', { id: ids.access, role, policy, user: null })),
    ...(await ensurePermissions(directus, policy, allowed, seesFlows === true)).map((change) => `${what}, ${change}`),
  ];
}

/**
 * Makes the row, or corrects the fields that differ.
 *
 * @param atFirst what a new row gets besides. People may change it.
 * @returns what was done, if anything.
 */
export async function ensureRow(
  directus: Administration,
  what: string,
  path: string,
  row: SystemRow,
  atFirst: object = {},
): Promise<string[]> {
  const [existing] = await directus.request(
    customEndpoint<SystemRow[]>({ path, params: { filter: { id: { _eq: row.id } }, fields: Object.keys(row) } }),
  );
  if (existing === undefined) {
    await directus.request(customEndpoint({ path, method: 'POST', body: JSON.stringify({ ...row, ...atFirst }) }));
    return [`${what}, ${path.slice(1)}: added`];
  }
  if (isRowAsWanted(existing, row)) return [];
  await directus.request(customEndpoint({ path: `${path}/${row.id}`, method: 'PATCH', body: JSON.stringify(row) }));
  return [`${what}, ${path.slice(1)}: changed`];
}

/** Compares canonical JSON, because not every database keeps the order of the members of a JSON value. */
export function isRowAsWanted(existing: Record<string, unknown>, row: object): boolean {
  return Object.entries(row).every(([field, value]) => canonicalize(existing[field]) === canonicalize(value));
}

/** Exactly one of the permissions that Directus recommends for its app: rules of our own would need a licence. */
const seeFlows = {
  collection: 'directus_flows',
  action: 'read',
  permissions: { trigger: { _eq: 'manual' } },
  fields: ['id', 'status', 'name', 'icon', 'color', 'options', 'trigger'],
};

async function ensurePermissions(
  directus: Administration,
  policy: string,
  allowed: RoleWithPolicy['allowed'],
  seesFlows: boolean,
): Promise<string[]> {
  const existing = await directus.request(readPermissions({ filter: { policy: { _eq: policy } }, limit: -1 }));
  const missing = new Map<string, object>(
    Object.entries(allowed).flatMap(([collection, actions]) =>
      actions.map((action) => [`${action} ${collection}`, { policy, collection, action, fields: ['*'] }]),
    ),
  );
  if (seesFlows) missing.set('read directus_flows', { policy, ...seeFlows });
  // Directus accepts the same permission several times and adds them up, so only one of each is kept.
  const surplus = existing.filter(({ action, collection, fields, permissions, validation, presets }) => {
    const isPlain = [permissions, validation, presets].every((rule) => Object.keys(rule ?? {}).length === 0);
    const isNeeded =
      collection === seeFlows.collection
        ? canonicalize({ permissions, fields, validation, presets }) ===
          canonicalize({ permissions: seeFlows.permissions, fields: seeFlows.fields, validation: null, presets: null })
        : isPlain && fields?.length === 1 && fields[0] === '*';
    return !(isNeeded && missing.delete(`${action} ${collection}`));
  });

  if (surplus.length > 0) await directus.request(deletePermissions(surplus.map(({ id }) => id)));
  if (missing.size > 0) await directus.request(createPermissions([...missing.values()]));
  return [
    ...surplus.map(({ action, collection }) => `permission ${action} ${collection}: removed`),
    ...[...missing.keys()].map((what) => `permission ${what}: added`),
  ];
}
