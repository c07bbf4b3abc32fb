import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createSandbox } from '../../sandbox/ridendine/server.ts';

export interface RunningSandbox {
  url: string;
  apiKey: string;
  /** Orders that it has made of anything. */
  orders(): Promise<unknown[]>;
  /** Calls of `POST /orders/create` that have come. */
  attempts(): Promise<unknown[]>;
  stop(): Promise<void>;
}

/** RideNDine's stand-in, on a free port, with data of its own. */
export async function startSandbox(): Promise<RunningSandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'ridendine-sandbox-'));
  const apiKey = 'partner-key-0123456789';
  const app = createSandbox({ apiKey, dataFile: join(folder, 'orders.db'), logger: pino({ level: 'silent' }) });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const list = async (what: 'orders' | 'attempts') => {
    const answer = await fetch(`${url}/sandbox/${what}`, { headers: { authorization: `Bearer ${apiKey}` } });
    return ((await answer.json()) as Record<typeof what, unknown[]>)[what];
  };
  return {
    url,
    apiKey,
    orders: () => list('orders'),
    attempts: () => list('attempts'),
    async stop() {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
