import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { detailsOf, reasonOf } from '../domain/failure-details.ts';
import { isFailureCode } from '../domain/failures.ts';
import { temporalTroubleOf } from '../temporal/temporal-failures.ts';
import type { TemporalTrouble } from '../temporal/temporal-failures.ts';
import { OrderFailedError, TemporalUnavailableError } from './errors.ts';

/** The failure or the cancellation with which a run ended; `undefined` if `error` is something else. */
export function failureOf(error: unknown): OrderFailedError | undefined {
  if (!(error instanceof WorkflowFailedError)) return undefined;
  const { cause } = error;
  if (cause instanceof CancelledFailure) return new OrderFailedError('OrderCancelled', 'The order was cancelled.');
  if (!(cause instanceof ApplicationFailure) || !isFailureCode(cause.type)) return undefined;
  const { problems, used_by } = detailsOf(cause);
  return new OrderFailedError(cause.type, reasonOf(cause), problems, used_by);
}

/**
 * Runs `call`, and turns every error about Temporal into one kind of error. Its message never repeats what the server
 * said, because that could be anything.
 *
 * @throws {TemporalUnavailableError}
 */
export async function reportingTemporalFailures<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const trouble = temporalTroubleOf(error);
    if (trouble === undefined) throw error;
    throw new TemporalUnavailableError(
      `${reasons[trouble]} Send the same request again.`,
      // A server may repeat the credential that it refuses.
      trouble === 'credential refused' ? undefined : { cause: error },
    );
  }
}

const reasons: Record<TemporalTrouble, string> = {
  'credential refused':
    'Temporal refuses the credential of this client: it is wrong, has expired or lacks a permission.',
  'no such namespace': 'Temporal does not know the namespace of this client.',
  'no answer in time': 'Temporal did not answer in time.',
  'not our keys': 'The workers encrypt with keys that this client does not have.',
  'run stopped': 'The order creation was stopped before its end: it can go on.',
  'run removed': 'The order creation was removed from Temporal.',
  'request refused': 'Temporal refuses the request of this client: its settings do not fit.',
  'certificate refused': 'This client and Temporal do not accept the certificate of one another.',
  'not possible': 'Temporal cannot do it.',
  unreachable: 'Temporal cannot be reached.',
};
