import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { dataConverterFor } from '../../src/encryption/data-converter.ts';
import { parseEncryptionKeys } from '../../src/encryption/encryption-keys.ts';
import { createDemoQuote } from '../../stack/seed.ts';
import type { DemoCheckout } from '../../stack/seed.ts';
import { freePort } from '../../stack/free-port.ts';
import { silentProgress } from '../../stack/progress.ts';
import { readStackSettings } from '../../stack/settings.ts';
import { startStack } from '../../stack/stack.ts';
import type { Stack } from '../../stack/stack.ts';

/** An order as the administrator of Directus sees it, with its items. */
export type OrderRow = Record<string, unknown> & { id: string; order_items: Record<string, unknown>[] };

/** An order at the sandbox. */
export interface SandboxOrder {
  ridendine_order_id: string;
  payment_session_id: string;
  idempotency_key: string;
  raw_body: string;
}

export interface RunningStack {
  stack: Stack;
  temporal: Client;
  newCheckout(): Promise<DemoCheckout>;
  /** `POST /v1/orders` with our key unless `headers` say otherwise. */
  post(key: string, body: unknown, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>;
  get(key: string): Promise<Response>;
  /** All orders of a quote, from Directus. */
  ordersOf(quoteId: string): Promise<OrderRow[]>;
  sandboxOrdersOf(orderId: string): Promise<SandboxOrder[]>;
  /** Every call for an order that reached the sandbox. */
  sandboxAttemptsOf(orderId: string): Promise<unknown[]>;
  addFault(fault: Record<string, unknown>): Promise<void>;
  clearFaults(): Promise<void>;
  /** `PATCH` of a row in Directus, as the administrator. */
  patch(path: string, change: Record<string, unknown>): Promise<void>;
  /** Any call to Directus, as the administrator. @returns the JSON of the answer. */
  directus(path: string, init?: RequestInit): Promise<Record<string, unknown>>;
  /** Any call to the sandbox. @returns the JSON of the answer. */
  sandbox(path: string, init?: RequestInit): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** More than any call takes: nothing may hang for ever. */
const CALL_TIMEOUT_MS = 60_000;

/** The whole stack, everything real, on free ports and in a folder of its own. */
export async function startRunningStack(environment: Record<string, string> = {}): Promise<RunningStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'order-creation-stack-'));
  // PostgreSQL runs as a user of its own when the tests run as root.
  await chmod(dataDir, 0o755);
  const settings = readStackSettings({
    HOME: process.env['HOME'],
    PATH: process.env['PATH'],
    ...environment,
    STACK_DATA_DIR: dataDir,
    STACK_TEMPORAL_PORT: String(await freePort()),
    STACK_TEMPORAL_UI_PORT: String(await freePort()),
    STACK_DIRECTUS_PORT: String(await freePort()),
    STACK_RIDENDINE_PORT: String(await freePort()),
    CODEC_SERVER_PORT: String(await freePort()),
    GATEWAY_PORT: String(await freePort()),
  });
  const stack = await startStack({ settings, progress: silentProgress });
  const { urls, secrets } = stack;
  const connection = await Connection.connect({ address: stack.temporal.address });
  const temporal = new Client({
    connection,
    namespace: stack.temporal.namespace,
    dataConverter: dataConverterFor(parseEncryptionKeys(secrets.encryptionKeys)),
  });

  const directus = (path: string, init: RequestInit = {}) =>
    json(`${urls.directus}${path}`, secrets.directusAdminToken, init);
  const sandbox = (path: string, init: RequestInit = {}) =>
    json(`${urls.ridendine}${path}`, secrets.ridendineApiKey, init);

  return {
    stack,
    temporal,
    newCheckout: () => createDemoQuote({ url: urls.directus, adminToken: secrets.directusAdminToken }),
    directus,
    sandbox,
    post: (key, body, headers = {}, signal = AbortSignal.timeout(CALL_TIMEOUT_MS)) =>
      fetch(`${urls.gateway}/v1/orders`, {
        method: 'POST',
        signal,
        headers: {
          authorization: `Bearer ${secrets.gatewayKey}`,
          'content-type': 'application/json',
          'idempotency-key': key,
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (key) =>
      fetch(`${urls.gateway}/v1/orders/${key}`, { headers: { authorization: `Bearer ${secrets.gatewayKey}` } }),
    async ordersOf(quoteId) {
      const filter = encodeURIComponent(JSON.stringify({ quote_id: { _eq: quoteId } }));
      const { data } = await directus(`/items/orders?fields=*,order_items.*&filter=${filter}`);
      return data as OrderRow[];
    },
    async sandboxOrdersOf(orderId) {
      const { orders } = await sandbox(`/sandbox/orders?external_order_id=${orderId}`);
      return orders as SandboxOrder[];
    },
    async sandboxAttemptsOf(orderId) {
      const { attempts } = await sandbox(`/sandbox/attempts?external_order_id=${orderId}`);
      return attempts as unknown[];
    },
    async addFault(fault) {
      await sandbox('/sandbox/faults', { method: 'POST', body: JSON.stringify(fault) });
    },
    async clearFaults() {
      await sandbox('/sandbox/faults', { method: 'DELETE' });
    },
    async patch(path, change) {
      await directus(path, { method: 'PATCH', body: JSON.stringify(change) });
    },
    async stop() {
      await connection.close();
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function json(url: string, token: string, init: RequestInit): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    ...init,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
