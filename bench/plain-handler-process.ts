// The plain handler as a process of its own: node plain-handler-process.ts, with the settings below.
import { connectDirectus } from '../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../src/integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../src/integrations/ridendine/ridendine-client.ts';
import { createPlainHandler } from './plain-handler.ts';

const TIMEOUT_MS = 15_000;

const handler = createPlainHandler({
  orders: createOrdersStore(
    connectDirectus({ url: setting('DIRECTUS_URL'), token: setting('DIRECTUS_TOKEN'), timeoutMs: TIMEOUT_MS }),
  ),
  ridendine: createRideNDineClient({
    baseUrl: setting('RIDENDINE_BASE_URL'),
    apiKey: setting('RIDENDINE_API_KEY'),
    timeoutMs: TIMEOUT_MS,
  }),
});
process.once('SIGTERM', () => process.exit());
await handler.listen({ host: '127.0.0.1', port: Number(setting('PORT')) });

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}
