import { QueryNotRegisteredError } from '@temporalio/client';
import { ORDER_CREATION_STATE_QUERY } from '../contract/runs.ts';
import type { OrderCreationState } from '../contract/runs.ts';
import { countOrderWorkers } from '../temporal/order-workers.ts';
import { TemporalAccessError, untilDeadline } from '../temporal/temporal-access.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { findRunOf } from './find-run.ts';
import type { OrderIdentity, OrderRun } from './find-run.ts';
import { OperatorError } from './operator-error.ts';

/** Asks the run itself how its order stands. @returns undefined if no worker answers. @throws {TemporalAccessError} */
export async function askForState(temporal: TemporalAccess, run: OrderRun): Promise<OrderCreationState | undefined> {
  if ((await countOrderWorkers(temporal)) === 0) return undefined;
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  try {
    return await temporal.ask(() => handle.query<OrderCreationState>(ORDER_CREATION_STATE_QUERY));
  } catch (error) {
    if (error instanceof TemporalAccessError && error.trouble === 'no answer in time') return undefined;
    // A run of `linkCorrection` answers this query only once the correction is done.
    if (error instanceof QueryNotRegisteredError) return undefined;
    throw error;
  }
}

/** What is known of an order: what Temporal has, and what the run itself says if a worker answers. */
export interface KnownOrder {
  run: OrderRun;
  state: OrderCreationState | undefined;
}

/** Less than the time after which the gateway closes an idle connection (`serverLimits`). */
const LOOKED_AT_WITHIN_MS = 20_000;

/** How an order stands. @throws {OperatorError} Temporal does not know the order. @throws {TemporalAccessError} */
export async function lookAt(access: TemporalAccess, order: OrderIdentity): Promise<KnownOrder> {
  const temporal = untilDeadline(access, Date.now() + LOOKED_AT_WITHIN_MS);
  const run = await findRunOf(temporal, order);
  if (run === undefined) throw unknownOrder();
  return { run, state: await askForState(temporal, run) };
}

export function unknownOrder(): OperatorError {
  return new OperatorError(
    'unknown order',
    'Temporal knows no order creation of an order with this id. One that ended long ago is in Directus alone: only its link can be corrected, with its idempotency_key.',
  );
}
