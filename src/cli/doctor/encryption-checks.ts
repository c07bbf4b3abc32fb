import type { Payload } from '@temporalio/common';
import { encryptionVariables, readEncryptionKeys } from '../../config/encryption-settings.ts';
import { parseEnvironment } from '../../config/environment.ts';
import { ORDER_CREATION_WORKFLOW } from '../../contract/runs.ts';
import { DecryptionError, createEncryptionCodec } from '../../temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../../temporal/encryption-keys.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import type { Check } from './checks.ts';

/** Whether what Temporal stores is encrypted, and with the keys of the workers. */
export function encryptionChecks(environment: NodeJS.ProcessEnv, temporal: () => TemporalAccess): Check[] {
  const readKeys = () => parseEncryptionKeys(readEncryptionKeys(parseEnvironment(encryptionVariables, environment)));
  return [
    {
      name: 'encryption',
      needs: [],
      async run() {
        const keys = readKeys();
        if (keys === undefined) {
          return {
            verdict: 'warning',
            finding: 'ENCRYPTION_KEYS is off: Temporal stores names, addresses and notes in clear.',
            advice: 'Where there are real orders, set a key: see .env.example.',
          };
        }
        const codec = createEncryptionCodec(keys);
        const probe: Payload = { metadata: {}, data: Buffer.from('a look whether encryption works') };
        const [restored] = await codec.decode(await codec.encode([probe]));
        if (!Buffer.from(probe.data ?? []).equals(restored?.data ?? Buffer.alloc(0))) {
          return { verdict: 'problem', finding: 'What is encrypted with ENCRYPTION_KEYS does not come back the same.' };
        }
        const older = keys.byId.size - 1;
        return {
          verdict: 'ok',
          finding: `The key "${keys.current.id}" encrypts${older > 0 ? `; ${older} more can decrypt what is older` : ''}.`,
        };
      },
    },
    {
      name: 'decryption',
      needs: ['encryption', 'namespace'],
      async run() {
        const { ask, connection, settings } = temporal();
        const { executions } = await ask(() =>
          connection.workflowService.listWorkflowExecutions({
            namespace: settings.namespace,
            query: `WorkflowType = '${ORDER_CREATION_WORKFLOW}'`,
            pageSize: 1,
          }),
        );
        const stored = Object.values(executions[0]?.memo?.fields ?? {});
        if (stored.length === 0) {
          return { verdict: 'not checked', finding: 'There is no order yet whose data could be read.' };
        }
        try {
          await createEncryptionCodec(readKeys()).decode(stored);
          return { verdict: 'ok', finding: 'What Temporal stores of the newest order can be read with our keys.' };
        } catch (error) {
          if (!(error instanceof DecryptionError)) throw error;
          return {
            verdict: 'problem',
            finding: `What Temporal stores of the newest order cannot be read. ${error.message}`,
            advice: 'Set the same ENCRYPTION_KEYS for gateway, workers and support staff.',
          };
        }
      },
    },
  ];
}
