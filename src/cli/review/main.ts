import { print, runCommand } from '../command.ts';
import { encryptionVariables, readEncryptionKeys } from '../../config/encryption-settings.ts';
import { parseEnvironment } from '../../config/environment.ts';
import { readTemporalSettings, temporalVariables } from '../../config/temporal-settings.ts';
import { dataConverterFor } from '../../temporal/data-converter.ts';
import { createEncryptionCodec, DecryptionError } from '../../temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../../temporal/encryption-keys.ts';
import { withTemporalAccess } from '../../temporal/temporal-access.ts';
import { parseCommandLine, USAGE } from './command-line.ts';
import type { ReviewCommand } from './command-line.ts';
import { correctLink } from './correct-link.ts';
import { decide, outcomeOf } from './decide.ts';
import { listOrders } from './list-orders.ts';
import { findRun } from './order-runs.ts';
import { describeOrder } from './show-order.ts';

const variables = temporalVariables.extend(encryptionVariables.shape);

/** `npm run review`: support staff look at orders in review and decide. @returns what to print. */
async function carryOut(command: Exclude<ReviewCommand, { name: 'help' }>): Promise<string[]> {
  const set = parseEnvironment(variables, process.env);
  const keys = parseEncryptionKeys(readEncryptionKeys(set));
  return await withTemporalAccess(
    readTemporalSettings(process.env),
    async (temporal) => {
      switch (command.name) {
        case 'list':
          return await listOrders(temporal);
        case 'show':
          return await describeOrder(temporal, await findRun(temporal, command.id), createEncryptionCodec(keys));
        case 'decide': {
          const run = await findRun(temporal, command.id);
          await decide(temporal, run, command.decision);
          return [outcomeOf(run, command.decision)];
        }
        case 'correct-link':
          return [await correctLink(temporal, command.id, command.correction)];
      }
    },
    dataConverterFor(keys),
  );
}

await runCommand({
  program: 'review',
  async carryOut(args) {
    const command = parseCommandLine(args);
    print(...(command.name === 'help' ? [USAGE] : await carryOut(command)));
  },
  expected: [DecryptionError],
});
