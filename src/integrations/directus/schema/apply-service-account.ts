import { createPermissions, customEndpoint, deletePermissions, readPermissions } from '@directus/sdk';
import { collections, type CollectionName } from '../collections.ts';
import { AdministrationError, connectAsAdministrator } from './administration.ts';
import type { Administration, AdministrationOptions } from './administration.ts';

export interface ServiceAccountOptions extends AdministrationOptions {
  /** The account's static token: what `DIRECTUS_TOKEN` of the worker is. */
  token: string;
  log: (line: string) => void;
}

/** Fixed, so that a second run finds what the first one made, whatever a person has renamed. */
const ids = {
  role: 'c00c0000-0000-4000-8000-0000000000b1',
  policy: 'c00c0000-0000-4000-8000-0000000000b2',
  access: 'c00c0000-0000-4000-8000-0000000000b3',
  user: 'c00c0000-0000-4000-8000-0000000000b4',
};

const NAME = 'COOCO order creation';

type Action = 'create' | 'read' | 'update';

/** All that creating orders takes. Nothing is ever deleted. */
const allowed: Record<CollectionName, Action[]> = {
  [collections.stores]: ['read'],
  [collections.customers]: ['read'],
  [collections.quotes]: ['read'],
  [collections.orders]: ['create', 'read', 'update'],
  [collections.orderItems]: ['create', 'read'],
};

/**
 * Makes sure of the account that the worker uses: one role, one policy and one user that may read what a checkout
 * needs, and create and update orders; no Data Studio, no administration. Permissions of its policy that are not
 * needed are removed. Done twice, it changes nothing.
 *
 * A rule covers whole collections: without a licence key Directus 12 refuses rules for single fields or rows.
 *
 * @returns what was made or changed, such as `permission read orders: added`.
 * @throws {AdministrationError} with one sentence.
 */
export async function applyServiceAccount(options: ServiceAccountOptions): Promise<string[]> {
  const { token, log } = options;
  const directus = connectAsAdministrator(options);
  const { role, policy, user } = ids;
  const changed = [
    await ensureRow(directus, '/roles', {
      id: role,
      name: NAME,
      icon: 'smart_toy',
      description: 'The worker that creates orders. Kept by npm run directus:apply.',
    }),
    await ensureRow(directus, '/policies', {
      id: policy,
      name: NAME,
      icon: 'smart_toy',
      description: 'What creating orders takes, and nothing else. Kept by npm run directus:apply.',
      admin_access: false,
      app_access: false,
    }),
    await ensureRow(directus, '/access', { id: ids.access, role, policy, user: null }),
    await ensureRow(directus, '/users', { id: user, first_name: NAME, role, status: 'active' }),
    await ensureToken(directus, options.url, token),
    ...(await ensurePermissions(directus)),
  ].filter((change) => change !== undefined);
  for (const line of changed) log(line);
  return changed;
}

type Row = { id: string; [field: string]: unknown };

/** Makes the row, or corrects the fields that differ. */
async function ensureRow(directus: Administration, path: string, row: Row): Promise<string | undefined> {
  const what = `service account, ${path.slice(1)}`;
  const [existing] = await directus.request(
    customEndpoint<Row[]>({ path, params: { filter: { id: { _eq: row.id } }, fields: Object.keys(row) } }),
  );
  if (existing === undefined) {
    await directus.request(customEndpoint({ path, method: 'POST', body: JSON.stringify(row) }));
    return `${what}: added`;
  }
  if (Object.entries(row).every(([field, value]) => existing[field] === value)) return undefined;
  await directus.request(customEndpoint({ path: `${path}/${row.id}`, method: 'PATCH', body: JSON.stringify(row) }));
  return `${what}: changed`;
}

/** Directus never shows a token, so the way to compare it is to use it. */
async function ensureToken(directus: Administration, url: string, token: string): Promise<string | undefined> {
  if ((await ownerOf(url, token)) === ids.user) return undefined;
  await directus.request(
    customEndpoint({ path: `/users/${ids.user}`, method: 'PATCH', body: JSON.stringify({ token }) }),
  );
  return 'service account, token: changed';
}

/** @returns the id of the user whose token it is, if it is anybody's. */
async function ownerOf(url: string, token: string): Promise<string | undefined> {
  try {
    const { id } = await connectAsAdministrator({ url, adminToken: token }).request(
      customEndpoint<{ id: string }>({ path: '/users/me', params: { fields: ['id'] } }),
    );
    return id;
  } catch (error) {
    if (error instanceof AdministrationError) return undefined;
    throw error;
  }
}

async function ensurePermissions(directus: Administration): Promise<string[]> {
  const { policy } = ids;
  const existing = await directus.request(readPermissions({ filter: { policy: { _eq: policy } }, limit: -1 }));
  const missing = new Map(
    Object.entries(allowed).flatMap(([collection, actions]) =>
      actions.map((action) => [`${action} ${collection}`, { policy, collection, action, fields: ['*'] }]),
    ),
  );
  // Directus accepts the same permission any number of times, and adds them all up: one of each is kept.
  const surplus = existing.filter(({ action, collection, fields, permissions, validation, presets }) => {
    const isPlain = [permissions, validation, presets].every((rule) => Object.keys(rule ?? {}).length === 0);
    const isNeeded = isPlain && fields?.length === 1 && fields[0] === '*';
    return !(isNeeded && missing.delete(`${action} ${collection}`));
  });

  if (surplus.length > 0) await directus.request(deletePermissions(surplus.map(({ id }) => id)));
  if (missing.size > 0) await directus.request(createPermissions([...missing.values()]));
  return [
    ...surplus.map(({ action, collection }) => `permission ${action} ${collection}: removed`),
    ...[...missing.keys()].map((what) => `permission ${what}: added`),
  ];
}
