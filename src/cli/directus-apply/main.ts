import { z } from 'zod';
import { print, runCommand } from '../command.ts';
import { httpUrl, parseEnvironment, secret } from '../../config/environment.ts';
import { AdministrationError } from '../../integrations/directus/schema/administration.ts';
import { applySchema } from '../../integrations/directus/schema/apply-schema.ts';
import { applyServiceAccount } from '../../integrations/directus/schema/apply-service-account.ts';
import { applySupport } from '../../integrations/directus/schema/apply-support.ts';

/** A shorter token would be too easy to guess. The tokens that Directus generates have 32 characters. */
const SHORTEST_TOKEN = 16;

const variables = z
  .object({
    DIRECTUS_URL: httpUrl(),
    /** The token of an administrator. Gateway and workers do not use it. */
    DIRECTUS_ADMIN_TOKEN: secret(),
    /** The token that the service account gets. The workers' `DIRECTUS_TOKEN` must be the same. */
    DIRECTUS_TOKEN: secret().min(SHORTEST_TOKEN, `must have at least ${SHORTEST_TOKEN} characters`),
    /** With it, orders get a button to their workflow. */
    TEMPORAL_UI_URL: httpUrl().optional(),
    TEMPORAL_NAMESPACE: z.string().default('default'),
    /** The gateway's address as Directus reaches it. With it, support leads get the form in which they decide. */
    GATEWAY_URL: httpUrl().optional(),
  })
  .refine((set) => set.DIRECTUS_TOKEN !== set.DIRECTUS_ADMIN_TOKEN, {
    path: ['DIRECTUS_TOKEN'],
    error: "must not be the administrator's",
  });

const log = (line: string) => print(`  ${line}`);

/**
 * `npm run directus:apply`: adds the collections, the service account, and the roles, form and order lists of support
 * staff to the Directus of the environment.
 */
async function carryOut(): Promise<'failed' | void> {
  const settings = parseEnvironment(variables, process.env);
  const { DIRECTUS_URL: url, DIRECTUS_ADMIN_TOKEN: adminToken, TEMPORAL_UI_URL: temporalUiUrl } = settings;

  print(`Directus at ${url}`);
  const { changed, mismatches } = await applySchema({
    url,
    adminToken,
    log,
    workflowLink: temporalUiUrl === undefined ? undefined : { temporalUiUrl, namespace: settings.TEMPORAL_NAMESPACE },
  });
  const accountChanged = await applyServiceAccount({ url, adminToken, token: settings.DIRECTUS_TOKEN, log });
  const supportChanged = await applySupport({ url, adminToken, log, gatewayUrl: settings.GATEWAY_URL });
  const count = changed.length + accountChanged.length + supportChanged.length;
  print(count === 0 ? 'Everything was as it should be; nothing was changed.' : `Done: ${count} changes.`);
  if (mismatches.length > 0) {
    print(`${mismatches.length} fields have a type that cannot hold what orders need: see above.`);
    return 'failed';
  }
}

await runCommand({ program: 'directus:apply', parse: () => ({}), carryOut, expected: [AdministrationError] });
