import path from 'node:path';
import { seed } from '../sandbox/shop/demo-data.ts';
import { applySchema } from '../src/integrations/directus/schema/apply-schema.ts';
import { applyServiceAccount } from '../src/integrations/directus/schema/apply-service-account.ts';
import { applySupport } from '../src/integrations/directus/schema/apply-support.ts';
import { startDirectus } from './directus/start-directus.ts';
import { ensureSupportUser, type SupportLogin } from './directus/support-user.ts';
import type { StackContext } from './parts.ts';
import { startPostgres, type RunningPostgres } from './postgres.ts';
import type { RestartablePart } from './start-part.ts';

/** The email with which the administrator logs in to the embedded Directus. */
export const DIRECTUS_ADMIN_EMAIL = 'admin@cooco.example.com';

/** The email of the support user, who may look at orders and decide about them but cannot change data in Directus. */
const DIRECTUS_SUPPORT_EMAIL = 'support@cooco.example.com';

/** The embedded Directus, ready for orders. */
export interface OrderData {
  url: string;
  directus: RestartablePart;
  postgres: RunningPostgres;
  /** Undefined if other users have all the seats that Directus gives without a licence. */
  supportLogin: SupportLogin | undefined;
}

/**
 * Starts Directus on its PostgreSQL and adds what orders need: schema, service account, the roles and tools of support
 * staff, and demo data.
 *
 * @param temporalUiUrl for links to workflows; undefined for the user's own Temporal, whose UI is unknown.
 */
export async function startOrderData(context: StackContext, temporalUiUrl: string | undefined): Promise<OrderData> {
  const { supervisor, settings, secrets, progress } = context;
  const { dataDir } = settings;
  const adminToken = secrets.directusAdminToken;
  const log = supervisor.openLog('directus-setup');

  const postgres = await progress.step('PostgreSQL', () =>
    startPostgres({ supervisor, dataDir: path.join(dataDir, 'postgres'), password: secrets.postgresPassword }),
  );
  const starting = startDirectus({
    supervisor,
    dataDir: path.join(dataDir, 'directus'),
    port: settings.ports.directus,
    postgres,
    adminToken,
    adminEmail: DIRECTUS_ADMIN_EMAIL,
    adminPassword: secrets.directusAdminPassword,
    secret: secrets.directusSecret,
    variables: {
      // The flow may read this variable. It calls the gateway on this machine, so local addresses must not be denied.
      FLOWS_ENV_ALLOW_LIST: 'OPERATOR_API_KEY',
      OPERATOR_API_KEY: secrets.operatorKey,
      IMPORT_IP_DENY_LIST: '169.254.169.254',
    },
  });
  const url = await progress.step('Directus', async () => (await starting).url);
  const { part: directus } = await starting;
  const supportLogin = await progress.step('Directus schema', async () => {
    const workflowLink = temporalUiUrl && { temporalUiUrl, namespace: settings.temporalNamespace };
    await applySchema({ url, adminToken, log, ...(workflowLink ? { workflowLink } : {}) });
    await applyServiceAccount({ url, adminToken, token: secrets.directusServiceToken, log });
    await applySupport({ url, adminToken, log, gatewayUrl: `http://127.0.0.1:${settings.ports.gateway}` });
    const login = { email: DIRECTUS_SUPPORT_EMAIL, password: secrets.directusSupportPassword };
    return ensureSupportUser({ url, adminToken, login, log });
  });
  await progress.step('Demo data', () => seed({ url, adminToken }));
  return { url, directus, postgres, supportLogin };
}
