import { hasErrorCode } from '../has-error-code.ts';
import type { DirectusInternals, Service } from './directus-internals.ts';

/** Fixed, so that every start finds the same administrator, whatever a person has renamed. */
const ids = {
  role: 'c00c0000-0000-4000-8000-0000000000a1',
  policy: 'c00c0000-0000-4000-8000-0000000000a2',
  access: 'c00c0000-0000-4000-8000-0000000000a3',
  user: 'c00c0000-0000-4000-8000-0000000000a4',
};

export interface Administrator {
  email: string;
  password: string;
  token: string;
}

/**
 * Makes sure that the administrator exists, is active and has exactly this email, password and static token. Only what
 * differs is written: a changed password would end the sessions of whoever is logged in to Data Studio.
 */
export async function ensureAdministrator(
  directus: DirectusInternals,
  { email, password, token }: Administrator,
): Promise<void> {
  const { RolesService, PoliciesService, AccessService, UsersService } = directus;
  const schema = await directus.getSchema();
  const { role, policy, user } = ids;

  await createIfMissing(new RolesService({ schema }), {
    id: role,
    name: 'Administrator',
    icon: 'verified',
    description: 'Of the embedded stack.',
  });
  await createIfMissing(new PoliciesService({ schema }), {
    id: policy,
    name: 'Administrator',
    icon: 'verified',
    admin_access: true,
    app_access: true,
  });
  await createIfMissing(new AccessService({ schema }), { id: ids.access, role, policy });

  const users = new UsersService({ schema });
  const account = { first_name: 'Admin', last_name: 'User', email, token, role, status: 'active' };
  if (await createIfMissing(users, { ...account, id: user, password })) return;

  const [stored] = await users.readByQuery({ fields: ['email', 'role', 'status'], filter: { id: { _eq: user } } });
  const samePassword = await hasPassword(directus, password);
  await users.updateOne(user, {
    token,
    ...(stored?.['email'] === email ? {} : { email }),
    ...(stored?.['role'] === role ? {} : { role }),
    ...(stored?.['status'] === 'active' ? {} : { status: 'active' }),
    ...(samePassword ? {} : { password }),
  });
}

async function hasPassword(directus: DirectusInternals, password: string): Promise<boolean> {
  const authentication = new directus.AuthenticationService({ schema: await directus.getSchema() });
  await directus.registerAuthProviders();
  try {
    await authentication.verifyPassword(ids.user, password);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'INVALID_CREDENTIALS')) return false;
    throw error;
  }
}

/** @returns whether it was missing. */
async function createIfMissing(service: Service, row: { id: string; [field: string]: unknown }): Promise<boolean> {
  const found = await service.readByQuery({ fields: ['id'], filter: { id: { _eq: row.id } } });
  if (found.length > 0) return false;
  await service.createOne(row);
  return true;
}
