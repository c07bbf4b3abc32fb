import { WorkflowNotFoundError, isGrpcServiceError } from '@temporalio/client';

/** Invalid argument, not found, already exists, failed precondition: https://grpc.io/docs/guides/status-codes/ */
const COMES_TO_NOTHING = new Set<number>([3, 5, 6, 9]);

/** @returns true if `work` was done, false if the run is gone or has ended meanwhile. */
export async function ifItCan(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const grpc = isGrpcServiceError(error) ? error : isGrpcServiceError(cause) ? cause : undefined;
    if (error instanceof WorkflowNotFoundError || (grpc && COMES_TO_NOTHING.has(grpc.code))) return false;
    throw error;
  }
}
