import { customEndpoint } from '@directus/sdk';
import { collections } from '../collections.ts';
import { AdministrationError, connectAsAdministrator } from './administration.ts';
import type { Administration, AdministrationOptions } from './administration.ts';
import { ensureRoleWithPolicy, ensureRow } from './role-with-policy.ts';
import type { RoleWithPolicy } from './role-with-policy.ts';

export interface ServiceAccountOptions extends AdministrationOptions {
  /** The account's static token, which the worker has as `DIRECTUS_TOKEN`. */
  token: string;
  log: (line: string) => void;
}

/** Id of the user. It is fixed, like the ids of its role. */
const USER = 'c00c0000-0000-4000-8000-0000000000b4';

/** All permissions that creating orders needs. It never deletes anything. */
export const serviceAccountPermissions = {
  [collections.stores]: ['read'],
  [collections.customers]: ['read'],
  [collections.quotes]: ['read'],
  [collections.orders]: ['create', 'read', 'update'],
  [collections.orderItems]: ['create', 'read'],
} satisfies RoleWithPolicy['allowed'];

const serviceRole = {
  what: 'service account',
  ids: {
    role: 'c00c0000-0000-4000-8000-0000000000b1',
    policy: 'c00c0000-0000-4000-8000-0000000000b2',
    access: 'c00c0000-0000-4000-8000-0000000000b3',
  },
  name: 'COOCO order creation',
  icon: 'smart_toy',
  descriptions: {
    role: 'The worker that creates orders. Kept by npm run directus:apply.',
    policy: 'What creating orders takes, and nothing else. Kept by npm run directus:apply.',
  },
  isForPeople: false,
  allowed: serviceAccountPermissions,
} satisfies RoleWithPolicy;

/**
 * Creates or corrects the account that the worker uses: one role, one policy and one user. The account may read what a
 * checkout needs, and create and update orders. It cannot use Data Studio or administration. A second call changes
 * nothing.
 *
 * @returns what was made or changed, such as `service account, permission read orders: added`.
 * @throws {AdministrationError} with one sentence.
 */
export async function applyServiceAccount(options: ServiceAccountOptions): Promise<string[]> {
  const { token, log } = options;
  const { what, name, ids } = serviceRole;
  const directus = connectAsAdministrator(options);
  const user = { id: USER, first_name: name, role: ids.role, status: 'active' };
  const changed = [
    ...(await ensureRoleWithPolicy(directus, serviceRole)),
    ...(await ensureRow(directus, what, '/users', user)),
    ...(await ensureToken(directus, options.url, token)),
  ];
  for (const line of changed) log(line);
  return changed;
}

/** Directus never shows a token, so the way to compare it is to use it. */
async function ensureToken(directus: Administration, url: string, token: string): Promise<string[]> {
  if ((await ownerOf(url, token)) === USER) return [];
  await directus.request(customEndpoint({ path: `/users/${USER}`, method: 'PATCH', body: JSON.stringify({ token }) }));
  return [`${serviceRole.what}, token: changed`];
}

/** @returns the id of the user who has this token; `undefined` if no user has it. */
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
