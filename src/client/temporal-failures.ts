import { ServiceError, WorkflowFailedError, isGrpcDeadlineError, isGrpcServiceError } from '@temporalio/client';
import { TemporalUnavailableError } from './errors.ts';

/** Whether a call ended because its deadline passed. */
export function ranOutOfTime(error: unknown): boolean {
  return isGrpcDeadlineError(error) || (error instanceof Error && isGrpcDeadlineError(error.cause));
}

/**
 * Runs `call` and says in one way that Temporal could not do it: it can't be reached, refuses our credential, does not
 * know our namespace, or ended the run from outside (terminated by hand, deleted).
 *
 * @throws {TemporalUnavailableError}
 */
export async function reportingTemporalFailures<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ServiceError || isGrpcServiceError(error) || error instanceof WorkflowFailedError) {
      throw new TemporalUnavailableError('Temporal can not say how the order stands. Send the same request again.', {
        cause: error,
      });
    }
    throw error;
  }
}
