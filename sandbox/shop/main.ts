import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { httpUrl, parseEnvironment, secret } from '../../src/config/environment.ts';
import { createDemoQuote, seed } from './demo-data.ts';

const variables = z.object({
  DIRECTUS_URL: httpUrl(),
  DIRECTUS_ADMIN_TOKEN: secret(),
  /** Where orders are sent. Demo data is made only if this is RideNDine's stand-in. */
  RIDENDINE_BASE_URL: httpUrl(),
  SANDBOX_URL: httpUrl(),
  /** Where people reach the gateway. */
  GATEWAY_PUBLIC_URL: httpUrl().default('http://127.0.0.1:3000'),
});

/**
 * Stands in for the shop: puts stores, customers and a new quote into Directus, and prints the command that orders it.
 * The gateway's key is not printed: the shell reads the key from the environment file.
 */
async function main(): Promise<void> {
  const settings = parseEnvironment(variables, process.env);
  const { RIDENDINE_BASE_URL: partner, SANDBOX_URL: standIn } = settings;
  if (new URL(partner).host !== new URL(standIn).host) {
    throw new Error(`orders go to ${partner}, not to RideNDine's stand-in, ${standIn}.`);
  }
  const access = { url: settings.DIRECTUS_URL, adminToken: settings.DIRECTUS_ADMIN_TOKEN };
  await seed(access);
  const checkout = await createDemoQuote(access);
  process.stdout.write(`A new quote is in Directus. This command orders it; sent again, it answers with the same order.

curl -i ${new URL('/v1/orders', settings.GATEWAY_PUBLIC_URL).href} \\
  -H "Authorization: Bearer $(sed -nE 's/^GATEWAY_API_KEYS=([^:,]*:)?([^,]*).*/\\2/p' compose.dev.env)" \\
  -H 'Idempotency-Key: ${randomUUID()}' \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify(checkout)}'
`);
}

await main().catch((error: unknown) => {
  // Directus' SDK throws objects that are no `Error`. As text they would say nothing.
  const reason = error instanceof Error ? error.message : JSON.stringify(error);
  process.stderr.write(`There is no demo checkout: ${reason}\n`);
  process.exitCode = 1;
});
