import { randomUUID } from 'node:crypto';
import canonicalize from 'canonicalize';
import { v5 } from 'uuid';
import { countOrderWorkers } from '../temporal/order-workers.ts';
import type { TemporalAccess, TemporalAccessError } from '../temporal/temporal-access.ts';
import { ifFound } from '../temporal/temporal-failures.ts';
import { answered, isSilent, readable } from './answered.ts';
import type { OrderRun } from './find-run.ts';
import { OperatorError } from './operator-error.ts';
import { refusalIn } from './refusal.ts';
import type { Submission } from './submission.ts';

interface UpdateToSend {
  name: string;
  input: object;
  /** What messages call the request: `decision`. */
  what: string;
  /** What to do once a worker runs: `decide again`. */
  again: string;
  /** Why the request does not fit the order as it is now; `undefined` if it fits. */
  misfit: string | undefined;
  /** The message if the run has ended. */
  tooLate: string;
  submission: Submission;
}

/**
 * Sends an update to the run of an order, and waits until the run has carried it out. If the same update was sent
 * before with the same `submission.id`, the run does not carry it out again, and the result is that of the first.
 *
 * @returns the update's result.
 * @throws {OperatorError} the update was not carried out, or its outcome is not known yet.
 * @throws {TemporalAccessError} Temporal could not be asked; nothing was sent.
 */
export async function sendUpdate<Result>(
  temporal: TemporalAccess,
  run: OrderRun,
  { name: updateName, input, what, again, misfit, tooLate, submission }: UpdateToSend,
): Promise<Result> {
  const name = nameOf(run);
  const updateId = submission.id === undefined ? randomUUID() : sentId(submission.id, [run.runId, updateName, input]);
  const isSentBefore = async () => submission.id !== undefined && (await isKnown(temporal, run, updateId));
  if (misfit !== undefined && !(await isSentBefore())) throw new OperatorError('refused', misfit, name);
  if ((await countOrderWorkers(temporal)) === 0) {
    throw new OperatorError('not sent', `No worker runs that could carry the ${what} out: start one, and ${again}.`);
  }
  const { acceptedWithinMs, carriedOutWithinMs } = submission.patience;
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  submission.send();
  try {
    const update = await answered(
      temporal.ask(
        () => handle.startUpdate<Result, [object]>(updateName, { args: [input], updateId, waitForStage: 'ACCEPTED' }),
        acceptedWithinMs,
      ),
      new OperatorError(
        'unanswered',
        `No worker has taken the ${what}; one that comes back soon may still do so.`,
        name,
      ),
    );
    submission.take();
    return await readable(
      temporal.ask(() => update.result(), carriedOutWithinMs),
      (error) => new OperatorError('under way', `The ${what} was taken, and ${notKnownYet(error)}`, name),
    );
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === 'run ended') throw new OperatorError('refused', tooLate, name);
    if (refusal === 'run ended meanwhile') {
      const message = `The run of the order ${name} ended before the ${what} was carried out.`;
      throw new OperatorError('refused', message, name);
    }
    throw new OperatorError('refused', `The ${what} was refused: ${refusal.reason}`);
  }
}

function notKnownYet(error: TemporalAccessError): string {
  return isSilent(error)
    ? 'is not carried out yet, perhaps because Directus cannot be reached.'
    : `may have been carried out: what came of it cannot be read. ${error.message}`;
}

/** Must never change: otherwise a request that is sent again would not be recognised. */
const SENT_NAMESPACE = '6f1f54b0-65a4-4f43-9a57-7c1d4a0b6b9f';

/** Temporal's id of a request. Two different requests with the same id of the sender get different ones. */
export function sentId(id: string, request: unknown[]): string {
  return v5(canonicalize([id, ...request]) ?? '', SENT_NAMESPACE);
}

/** Whether the run has been sent this update before. */
async function isKnown(
  { ask, connection, settings: { namespace } }: TemporalAccess,
  { workflowId, runId }: OrderRun,
  updateId: string,
): Promise<boolean> {
  const updateRef = { workflowExecution: { workflowId, runId }, updateId };
  const known = ask(() => ifFound(connection.workflowService.pollWorkflowExecutionUpdate({ namespace, updateRef })));
  return (await known) !== undefined;
}

/** How messages name the order. */
export function nameOf(run: OrderRun): string {
  return run.orderId ?? run.workflowId;
}
