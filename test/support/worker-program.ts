import pWaitFor from 'p-wait-for';
import { hasPoller } from '../../stack/temporal/has-poller.ts';
import type { EmbeddedTemporal } from './embedded-temporal.ts';
import type { PreparedDirectus } from './prepared-directus.ts';
import type { RunningSandbox } from './running-sandbox.ts';
import { startProgram } from './start-program.ts';
import type { StartedProgram } from './start-program.ts';
import { testEncryptionKeys } from './test-encryption.ts';

/** Starts the real worker as a separate process, with the keys of the tests. Resolves when the worker takes orders. */
export async function startWorkerProgram(
  {
    temporal,
    directus,
    ridendine,
  }: { temporal: EmbeddedTemporal; directus: PreparedDirectus; ridendine: RunningSandbox },
  settings: Record<string, string> = {},
): Promise<StartedProgram> {
  const { address, namespace } = temporal.settings;
  const worker = startProgram('worker', {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    DIRECTUS_URL: directus.url,
    DIRECTUS_TOKEN: directus.token,
    RIDENDINE_BASE_URL: ridendine.url,
    RIDENDINE_API_KEY: ridendine.apiKey,
    ENCRYPTION_KEYS: testEncryptionKeys,
    LOG_LEVEL: 'warn',
    ...settings,
  });
  await pWaitFor(() => hasPoller(temporal.settings, worker.pid), {
    // Each check opens a connection to Temporal. Many checks in a second would slow down the worker's start.
    interval: 200,
    timeout: 60_000,
  });
  return worker;
}
