import type { Client } from '@temporalio/client';

/** An order with its items, as Directus' administrator sees it. */
export type OrderRow = Record<string, unknown> & { id: string; order_items: Record<string, unknown>[] };

/** An order at the sandbox. */
export interface SandboxOrder {
  ridendine_order_id: string;
  payment_session_id: string;
  idempotency_key: string;
  raw_body: string;
}

/** Access to everything that makes or stores orders, with the rights to see and change all of it. */
export interface OrderWorld {
  temporal: Client;
  /** `POST /v1/orders` with a valid API key, unless `headers` replace it. */
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
}

/** Longer than any call takes. Without a limit, a test could hang for ever. */
const CALL_TIMEOUT_MS = 60_000;

/** An address and the credential for it. */
export interface Access {
  url: string;
  token: string;
}

export function connectOrderWorld(options: {
  temporal: Client;
  gateway: Access;
  /** With an administrator's token. */
  directus: Access;
  sandbox: Access;
}): OrderWorld {
  const { temporal, gateway } = options;
  const directus = (path: string, init: RequestInit = {}) => json(options.directus, path, init);
  const sandbox = (path: string, init: RequestInit = {}) => json(options.sandbox, path, init);
  return {
    temporal,
    directus,
    sandbox,
    post: (key, body, headers = {}, signal = AbortSignal.timeout(CALL_TIMEOUT_MS)) =>
      fetch(`${gateway.url}/v1/orders`, {
        method: 'POST',
        signal,
        headers: {
          authorization: `Bearer ${gateway.token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (key) => fetch(`${gateway.url}/v1/orders/${key}`, { headers: { authorization: `Bearer ${gateway.token}` } }),
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
  };
}

async function json({ url, token }: Access, path: string, init: RequestInit): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}${path}`, {
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    ...init,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
