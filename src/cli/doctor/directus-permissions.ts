import { z } from 'zod';
import { neededCollections } from '../../integrations/directus/schema/apply-schema.ts';
import { serviceAccountPermissions } from '../../integrations/directus/schema/apply-service-account.ts';
import type { Check } from './checks.ts';
import { readData } from './directus-access.ts';
import type { DirectusAccess } from './directus-access.ts';
import { holdsData } from './directus-fields.ts';

/** What an account may do, by collection and action. `fields` are those that it may use; "*" stands for all. */
const permissionsSchema = z.record(
  z.string(),
  z.record(z.string(), z.object({ access: z.string(), fields: z.array(z.string()).optional() })),
);
type Permissions = z.output<typeof permissionsSchema>;

const globalsSchema = z.object({ admin_access: z.boolean() });

/** A finding names at most this many surplus permissions. */
const LONGEST_LIST = 5;

const HOW_TO_MEND = '"npm run directus:apply" gives the service account what it needs and nothing else.';

/** Whether the worker's account may do what orders need, and nothing else. */
export function directusPermissionsCheck(directus: () => DirectusAccess): Check {
  return {
    name: 'directus-permissions',
    needs: ['directus'],
    async run() {
      const { get } = directus();
      const what = 'what our account may do';
      const { admin_access: isAdministrator } = readData(globalsSchema, await get('/policies/me/globals'), what);
      if (isAdministrator) {
        return {
          verdict: 'warning',
          finding:
            'The account of DIRECTUS_TOKEN is an administrator: whoever gets hold of the token may do everything.',
          advice: `Use a token of the service account; ${HOW_TO_MEND}`,
        };
      }
      const permissions = readData(permissionsSchema, await get('/permissions/me'), what);

      const lacking = lackingIn(permissions);
      if (lacking.length > 0) {
        return {
          verdict: 'problem',
          finding: `Our account may not, or there is no such collection: ${lacking.join(', ')}.`,
          advice: `"npm run directus:apply" mends both.`,
        };
      }
      const surplus = surplusIn(permissions);
      if (surplus.length > 0) {
        const more = surplus.length - LONGEST_LIST;
        return {
          verdict: 'warning',
          finding: `Our account may do more than orders take: ${surplus.slice(0, LONGEST_LIST).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
          advice: HOW_TO_MEND,
        };
      }
      return { verdict: 'ok', finding: 'Our account may do what orders take, and nothing else.' };
    },
  };
}

/** Missing permissions, such as `create orders`, `update orders (failure_code)` or `read quotes (all rows)`. */
function lackingIn(permissions: Permissions): string[] {
  return neededCollections().flatMap(({ collection, fields }) =>
    serviceAccountPermissions[collection].flatMap((action) => {
      const { access = 'none', fields: allowed = [] } = permissions[collection]?.[action] ?? {};
      const what = `${action} ${collection}`;
      if (access === 'none') return [what];
      if (access === 'partial') return [`${what} (all rows)`];
      const missing = allowed.includes('*')
        ? []
        : fields.filter((field) => holdsData(field) && !allowed.includes(field.field));
      return missing.length > 0 ? [`${what} (${missing.map(({ field }) => field).join(', ')})`] : [];
    }),
  );
}

function surplusIn(permissions: Permissions): string[] {
  const needed: Record<string, readonly string[]> = serviceAccountPermissions;
  return Object.entries(permissions).flatMap(([collection, actions]) =>
    Object.entries(actions).flatMap(([action, { access }]) =>
      access === 'none' || needed[collection]?.includes(action) ? [] : [`${action} ${collection}`],
    ),
  );
}
