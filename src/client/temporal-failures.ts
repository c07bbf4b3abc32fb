import {
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  isGrpcDeadlineError,
  isGrpcServiceError,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, NamespaceNotFoundError } from '@temporalio/common';
import { reasonIn } from '../domain/failure-text.ts';
import { DecryptionError } from '../encryption/encryption-codec.ts';
import { OrderFailedError, TemporalUnavailableError, orderFailure } from './errors.ts';

/** Status codes of gRPC (https://grpc.io/docs/guides/status-codes/) by which Temporal has answered, whatever is tried again. */
const answers = {
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unauthenticated: 16,
} as const;
const ANSWERED = new Set<number>(Object.values(answers));
const RESOURCE_EXHAUSTED = 8;

/** What the gRPC library says of a connection that failed over certificates: OpenSSL's words and those of Node. */
const TLS_TROUBLE = /certificate|\bSSL\b|\bTLS\b|altname/i;

/** A request's deadline passed, and gRPC had not noticed yet. */
export class RequestTimedOut extends Error {
  override readonly name = 'RequestTimedOut';
}

/** Whether a request ended because its deadline passed. */
export function ranOutOfTime(error: unknown): boolean {
  return error instanceof RequestTimedOut || isGrpcDeadlineError(error);
}

/** Whether a request got no answer, so that the next one may: the server went away, restarts or is too busy. */
export function gotNoAnswer(error: unknown): boolean {
  const code = grpcFailure(error)?.code;
  return code !== undefined && !ANSWERED.has(code);
}

/** Whether Temporal asks for fewer requests. */
export function isOverloaded(error: unknown): boolean {
  return grpcFailure(error)?.code === RESOURCE_EXHAUSTED;
}

/** How the order creation ended, if `error` is its run's failure and the process itself gave the reason. */
export function failureOf(error: unknown): OrderFailedError | undefined {
  if (!(error instanceof WorkflowFailedError)) return undefined;
  const { cause } = error;
  if (cause instanceof CancelledFailure) return new OrderFailedError('OrderCancelled', 'The order was cancelled.');
  return cause instanceof ApplicationFailure
    ? orderFailure(cause.type, reasonIn(cause.message), cause.details ?? [])
    : undefined;
}

/**
 * Runs `call` and says in one way that Temporal could not do it. The message never repeats what the server said: that
 * could be anything.
 *
 * @throws {TemporalUnavailableError}
 */
export async function reportingTemporalFailures<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    throw new TemporalUnavailableError(
      `${reason} Send the same request again.`,
      // A server may repeat the credential that it refuses.
      isCredentialRefused(error) ? undefined : { cause: error },
    );
  }
}

function isCredentialRefused(error: unknown): boolean {
  const code = grpcFailure(error)?.code;
  return code === answers.unauthenticated || code === answers.permissionDenied;
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof WorkflowFailedError) return 'The order creation was stopped before its end: it can go on.';
  if (error instanceof WorkflowNotFoundError) return 'The order creation was removed from Temporal.';
  if (error instanceof NamespaceNotFoundError) return 'Temporal does not know the namespace of this client.';
  if (error instanceof RequestTimedOut) return 'Temporal did not answer in time.';
  if (isUnreadable(error)) return 'The workers encrypt with keys that this client does not have.';
  const failure = grpcFailure(error);
  if (failure === undefined) return error instanceof ServiceError ? 'Temporal can not do it.' : undefined;
  if (isCredentialRefused(failure)) {
    return 'Temporal refuses the credential of this client: it is wrong, has expired or lacks a permission.';
  }
  if (isGrpcDeadlineError(failure)) return 'Temporal did not answer in time.';
  if (ANSWERED.has(failure.code)) return 'Temporal refuses the request of this client: its settings do not fit.';
  return TLS_TROUBLE.test(failure.details)
    ? 'This client and Temporal do not accept the certificate of one another.'
    : 'Temporal can not be reached.';
}

/** The key's id is no secret, but who asks for an order needs not know it. */
function isUnreadable(error: unknown): boolean {
  for (let candidate = error; candidate instanceof Error; candidate = candidate.cause) {
    if (candidate instanceof DecryptionError) return true;
  }
  return false;
}

function grpcFailure(error: unknown): { code: number; details: string } | undefined {
  for (let candidate = error; candidate instanceof Error; candidate = candidate.cause) {
    if (isGrpcServiceError(candidate)) return candidate;
  }
  return undefined;
}
