import { collections } from '../collections.ts';
import { connectAsAdministrator } from './administration.ts';
import type { AdministrationOptions } from './administration.ts';
import { ensureDecisionFlow } from './decision-flow.ts';
import { ensureOrderLists } from './order-lists.ts';
import { ensureRoleWithPolicy } from './role-with-policy.ts';
import type { RoleWithPolicy } from './role-with-policy.ts';

export interface SupportOptions extends AdministrationOptions {
  log: (line: string) => void;
  /** Address at which Directus reaches the gateway. Without it no form for decisions is made; an existing one stays. */
  gatewayUrl?: string | undefined;
}

/** The role of support staff. Its users may read orders with all that belongs to them, and change nothing. */
export const supportRole = {
  what: 'support role',
  ids: {
    role: 'c00c0000-0000-4000-8000-0000000000c1',
    policy: 'c00c0000-0000-4000-8000-0000000000c2',
    access: 'c00c0000-0000-4000-8000-0000000000c3',
  },
  name: 'COOCO support',
  icon: 'support_agent',
  descriptions: {
    role: 'People who look into orders. Give it to a user who is to do so. Kept by npm run directus:apply.',
    policy: 'Orders with all that belongs to them, to read and nothing else. Kept by npm run directus:apply.',
  },
  isForPeople: true,
  allowed: {
    [collections.stores]: ['read'],
    [collections.customers]: ['read'],
    [collections.quotes]: ['read'],
    [collections.orders]: ['read'],
    [collections.orderItems]: ['read'],
  },
} satisfies RoleWithPolicy;

/** The role of support leads, who may also decide about orders. The decision flow checks for this role. */
export const supportLeadRole = {
  what: 'support lead role',
  ids: {
    role: 'c00c0000-0000-4000-8000-0000000000d1',
    policy: 'c00c0000-0000-4000-8000-0000000000d2',
    access: 'c00c0000-0000-4000-8000-0000000000d3',
  },
  name: 'COOCO support lead',
  icon: 'gavel',
  descriptions: {
    role: 'People who look into orders and decide about them. Kept by npm run directus:apply.',
    policy: 'As COOCO support, and the form to decide about an order. Kept by npm run directus:apply.',
  },
  isForPeople: true,
  allowed: supportRole.allowed,
  seesFlows: true,
} satisfies RoleWithPolicy;

/**
 * Creates or corrects what support staff have in Data Studio: the roles {@link supportRole} and
 * {@link supportLeadRole}, the form for decisions, and the lists of orders that everybody sees. An administrator must
 * give the roles to users. A second call changes nothing.
 *
 * @returns what was made or changed, such as `support role, permission read orders: added`.
 * @throws {AdministrationError} with one sentence.
 */
export async function applySupport(options: SupportOptions): Promise<string[]> {
  const directus = connectAsAdministrator(options);
  const { gatewayUrl, log } = options;
  const role = supportLeadRole.ids.role;
  const changed = [
    ...(await ensureRoleWithPolicy(directus, supportRole)),
    ...(await ensureRoleWithPolicy(directus, supportLeadRole)),
    ...(await ensureOrderLists(directus)),
    ...(gatewayUrl === undefined ? [] : await ensureDecisionFlow(directus, { gatewayUrl, role }, log)),
  ];
  for (const line of changed) log(line);
  return changed;
}
