import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createSandbox } from '../../sandbox/ridendine/server.ts';

/** A call for an order, as the sandbox recorded it. */
export interface Call {
  received_at: string;
  quote_id: string | null;
  effect: string;
}

interface SandboxOrder {
  ridendine_order_id: string;
  payment_session_id: string;
}

export interface RunningSandbox {
  url: string;
  apiKey: string;
  /** Every call for an order, the oldest first. */
  calls(): Promise<Call[]>;
  /** All orders of the sandbox. */
  orders(): Promise<unknown[]>;
  /** The sandbox's orders for this quote. */
  ordersOf(quoteId: string): Promise<SandboxOrder[]>;
  addFault(fault: Record<string, unknown>): Promise<void>;
  clearFaults(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the sandbox, which stands in for RideNDine: in this process, without a log, with a data folder of its own. */
export async function startSandbox(apiKey = 'key-of-the-sandbox'): Promise<RunningSandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'ridendine-'));
  const sandbox = createSandbox({ apiKey, dataFile: join(folder, 'orders.db'), logger: pino({ enabled: false }) });
  const url = await sandbox.listen({ host: '127.0.0.1', port: 0 });
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { ...init, headers });
    if (!response.ok) throw new Error(`The sandbox answered ${response.status}: ${await response.text()}`);
    return await response.json();
  };
  return {
    url,
    apiKey,
    calls: async () => ((await ask('/sandbox/attempts')) as { attempts: Call[] }).attempts,
    orders: async () => ((await ask('/sandbox/orders')) as { orders: unknown[] }).orders,
    async ordersOf(quoteId) {
      const { orders } = (await ask('/sandbox/orders')) as { orders: (SandboxOrder & { quote_id: string })[] };
      return orders
        .filter(({ quote_id }) => quote_id === quoteId)
        .map(({ ridendine_order_id, payment_session_id }) => ({ ridendine_order_id, payment_session_id }));
    },
    async clearFaults() {
      await ask('/sandbox/faults', { method: 'DELETE' });
    },
    async addFault(fault) {
      await ask('/sandbox/faults', { method: 'POST', body: JSON.stringify(fault) });
    },
    async close() {
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
