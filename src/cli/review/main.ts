import { CommandError, runCommand } from '../command.ts';
import { bulkDecisionVariables } from '../../config/bulk-decision-settings.ts';
import { encryptionVariables, readEncryptionKeys } from '../../config/encryption-settings.ts';
import { parseEnvironment } from '../../config/environment.ts';
import { readTemporalSettings, temporalVariables } from '../../config/temporal-settings.ts';
import { dataConverterFor } from '../../temporal/data-converter.ts';
import { createEncryptionCodec, DecryptionError } from '../../temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../../temporal/encryption-keys.ts';
import { withTemporalAccess } from '../../temporal/temporal-access.ts';
import { correctLink } from '../../operators/correct-link.ts';
import { decide } from '../../operators/decide.ts';
import { findRun, findRunIfKnown, unknownOrder, workflowIdOf } from '../../operators/find-run.ts';
import { OperatorError } from '../../operators/operator-error.ts';
import { parseCommandLine, USAGE } from './command-line.ts';
import type { ReviewCommand } from './command-line.ts';
import { decideAll, watchDecision } from './decide-all.ts';
import { listOrders } from './list-orders.ts';
import { describeOrder } from './show-order.ts';

const variables = temporalVariables.extend(encryptionVariables.shape).extend(bulkDecisionVariables.shape);

/**
 * `npm run review`: support staff look at orders in review and decide.
 *
 * @returns the lines to print, or nothing if everything has been printed already.
 * @throws {CommandError}
 */
async function carryOut(command: ReviewCommand): Promise<string[] | 'failed' | void> {
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
          const outcome = await decide(temporal, run, command.decision);
          return [
            command.decision.decision === 'retry' ? `${outcome} ${lookAgain(run.orderId ?? run.workflowId)}` : outcome,
          ];
        }
        case 'decide-all':
          return await decideAll(temporal, command, set.BULK_DECISIONS_PER_SECOND);
        case 'watch':
          return await watchDecision(temporal, command.id);
        case 'correct-link': {
          const run = await findRunIfKnown(temporal, command.id);
          const workflowId = run?.workflowId ?? workflowIdOf(command.id);
          if (workflowId === undefined) throw unknownOrder(temporal, command.id);
          return [await correctLink(temporal, { workflowId, run }, command.correction)];
        }
      }
    },
    dataConverterFor(keys),
  );
}

/** @throws {CommandError} what the {@link OperatorError} says, and the command that shows how the order stands. */
function tellOperator(error: unknown): never {
  if (!(error instanceof OperatorError)) throw error;
  throw new CommandError(error.order === undefined ? error.message : `${error.message} ${lookAgain(error.order)}`);
}

function lookAgain(id: string): string {
  return `See: npm run review -- show ${id}`;
}

await runCommand({
  program: 'review',
  usage: USAGE,
  parse: parseCommandLine,
  carryOut: (command) => carryOut(command).catch(tellOperator),
  expected: [DecryptionError],
});
