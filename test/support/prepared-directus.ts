import { randomUUID } from 'node:crypto';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import type { DirectusConnection } from '../../src/integrations/directus/directus-client.ts';
import { applySchema } from '../../src/integrations/directus/schema/apply-schema.ts';
import { applyServiceAccount } from '../../src/integrations/directus/schema/apply-service-account.ts';
import { anHourFromNow, newCart, newTotals } from './builders.ts';
import { directusCaller } from './directus-http.ts';
import { copyTemplate, keepTemplate } from './database-template.ts';
import { newDirectusSecrets, POSTGRES_FOLDER, randomSecret, startDirectusIn } from './embedded-directus.ts';
import type { DirectusSecrets, EmbeddedDirectus } from './embedded-directus.ts';
import { openSupervisedFolder } from './supervised-folder.ts';

/** Time limit for `beforeAll`. A start takes about 5 s, longer on a busy machine. */
export const DIRECTUS_START_TIMEOUT_MS = 90_000;

type Row = Record<string, unknown>;

export interface PreparedDirectus {
  url: string;
  /** The token of the service account, as the worker has it. */
  token: string;
  /** The administrator's token. The schema was applied with it. */
  adminToken: string;
  /** Directus' database, for a test that bypasses Directus. */
  postgres: EmbeddedDirectus['postgres'];
  startPostgresAgain: EmbeddedDirectus['startPostgresAgain'];
  startAnother: EmbeddedDirectus['startAnother'];
  /** A connection like the worker's. */
  connection: DirectusConnection;
  /** Adds what Phase 2 writes for `request`: store, customer and quote. `changes` replaces fields of the rows. */
  addQuote(request: CheckoutRequest, changes?: { quote?: Row; store?: Row; customer?: Row }): Promise<void>;
  /** Rows with all fields, as an administrator sees them. */
  rows(collection: string, filter?: Row): Promise<Row[]>;
  /** Changes a row as an administrator. */
  change(collection: string, id: string, fields: Row): Promise<void>;
  stop(): Promise<void>;
}

interface PreparedSecrets extends DirectusSecrets {
  /** The token of the service account. */
  token: string;
}

/** Starts a real Directus with the schema and the service account of this project, and no data. */
export async function startPreparedDirectus(): Promise<PreparedDirectus> {
  const folder = await openSupervisedFolder('prepared-directus');
  const copied = await copyTemplate('prepared-directus', folder.dataDir);
  const secrets = (copied?.note ?? newSecrets()) as PreparedSecrets;
  const directus = await startDirectusIn(folder, secrets);
  if (copied === undefined) await prepare(directus, secrets);
  const { url, adminToken } = directus;
  const { token } = secrets;

  const admin = directusCaller({ url, token: adminToken });
  const asAdmin = async (method: string, path: string, body?: unknown) => {
    const { status, data, codes } = await admin(method, path, body);
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${codes.join(', ')}`);
    return data;
  };

  return {
    url,
    token,
    adminToken,
    postgres: directus.postgres,
    startPostgresAgain: () => directus.startPostgresAgain(),
    startAnother: (variables) => directus.startAnother(variables),
    stop: () => directus.stop(),
    connection: connectDirectus({ url, token, timeoutMs: 10_000 }),
    async addQuote(request, { quote = {}, store = {}, customer = {} } = {}) {
      const storeId = randomUUID();
      await asAdmin('POST', '/items/stores', {
        id: storeId,
        name: 'Store One',
        ridendine_merchant_id: 'merchant-1',
        ...store,
      });
      await asAdmin('POST', '/items/customers', {
        id: request.customer_id,
        name: 'Customer One',
        phone: '+1 555 0100',
        email: 'customer-one@example.com',
        ...customer,
      });
      await asAdmin('POST', '/items/quotes', {
        id: request.quote_id,
        customer: request.customer_id,
        store: storeId,
        fulfillment_method: request.fulfillment_method,
        totals: newTotals(),
        items_snapshot: newCart(),
        expires_at: anHourFromNow().toISOString(),
        ...quote,
      });
    },
    async rows(collection, filter = {}) {
      const query = new URLSearchParams({ filter: JSON.stringify(filter), limit: '-1' });
      return (await asAdmin('GET', `/items/${collection}?${query.toString()}`)) as Row[];
    },
    async change(collection, id, fields) {
      await asAdmin('PATCH', `/items/${collection}/${encodeURIComponent(id)}`, fields);
    },
  };
}

/** Makes the template from which {@link startPreparedDirectus} copies, once for all test files of a run. */
export async function makePreparedDirectus(shared: string): Promise<void> {
  const folder = await openSupervisedFolder('prepared-directus');
  const secrets = newSecrets();
  const directus = await startDirectusIn(folder, secrets);
  await prepare(directus, secrets);
  await folder.supervisor.stop();
  const { dataDir } = folder;
  await keepTemplate('prepared-directus', { shared, dataDir, files: [POSTGRES_FOLDER], note: secrets });
  await folder.stop();
}

function newSecrets(): PreparedSecrets {
  return { ...newDirectusSecrets(), token: randomSecret() };
}

/** Applies the schema and the service account. If this fails, it stops Directus. */
async function prepare(directus: EmbeddedDirectus, { token }: PreparedSecrets): Promise<void> {
  const { url, adminToken } = directus;
  try {
    await applySchema({ url, adminToken, log: ignore });
    await applyServiceAccount({ url, adminToken, token, log: ignore });
  } catch (error) {
    await directus.stop();
    throw error;
  }
}

function ignore(): void {}
