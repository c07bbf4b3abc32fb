import pWaitFor from 'p-wait-for';
import { hasPoller } from '../../stack/temporal/has-poller.ts';
import type { EmbeddedTemporal } from './embedded-temporal.ts';
import type { PreparedDirectus } from './prepared-directus.ts';
import type { RunningSandbox } from './running-sandbox.ts';
import { startProgram } from './start-program.ts';
import type { StartedProgram } from './start-program.ts';
import { testEncryptionKeys } from './test-encryption.ts';

/** The real worker as a process of its own, with the keys of the tests. It takes orders when the promise resolves. */
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
  await pWaitFor(() => hasPoller({ temporal: temporal.settings, taskQueue: 'order-creation', pid: worker.pid }), {
    // Each look is a connection to Temporal: many in a second would take the time from the start that is waited for.
    interval: 200,
    timeout: 60_000,
  });
  return worker;
}
