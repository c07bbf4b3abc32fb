import {
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  isGrpcDeadlineError,
  isGrpcServiceError,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { DecryptionError } from './encryption-codec.ts';

/** Status codes of gRPC (https://grpc.io/docs/guides/status-codes/) by which Temporal has answered, whatever is tried again. */
export const grpcAnswers = {
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unauthenticated: 16,
} as const;
const ANSWERED = new Set<number>(Object.values(grpcAnswers));
const CANCELLED = 1;
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

/** Whether the other side gave a request up. A server does so when the deadline passes, and may be ahead of our own timer. */
export function wasGivenUp(error: unknown): boolean {
  return grpcFailure(error)?.code === CANCELLED;
}

/** Whether Temporal asks for fewer requests. */
export function isOverloaded(error: unknown): boolean {
  return grpcFailure(error)?.code === RESOURCE_EXHAUSTED;
}

/** What stands between a program and Temporal. */
export type TemporalTrouble =
  | 'credential refused'
  | 'no such namespace'
  | 'no answer in time'
  | 'not our keys'
  | 'run stopped'
  | 'run removed'
  | 'request refused'
  | 'certificate refused'
  | 'not possible'
  | 'unreachable';

/** @returns undefined if `error` is not about Temporal. */
export function temporalTroubleOf(error: unknown): TemporalTrouble | undefined {
  if (error instanceof WorkflowFailedError) return 'run stopped';
  if (error instanceof WorkflowNotFoundError) return 'run removed';
  if (error instanceof NamespaceNotFoundError) return 'no such namespace';
  if (error instanceof RequestTimedOut) return 'no answer in time';
  if (isUnreadable(error)) return 'not our keys';
  const failure = grpcFailure(error);
  if (failure === undefined) return error instanceof ServiceError ? 'not possible' : undefined;
  if (failure.code === grpcAnswers.unauthenticated || failure.code === grpcAnswers.permissionDenied) {
    return 'credential refused';
  }
  if (isGrpcDeadlineError(failure)) return 'no answer in time';
  if (namesNoNamespace(failure)) return 'no such namespace';
  if (ANSWERED.has(failure.code)) return 'request refused';
  return TLS_TROUBLE.test(failure.details) ? 'certificate refused' : 'unreachable';
}

/** The status code of gRPC of an error that the SDK passes on as it came. */
export function grpcCodeOf(error: unknown): number | undefined {
  return isGrpcServiceError(error) ? error.code : undefined;
}

/** Whether the server does not have what it was asked to do, as Temporal Cloud has no operator service. */
export function isUnimplemented(error: unknown): boolean {
  return grpcFailure(error)?.code === grpcAnswers.unimplemented;
}

/** Where the SDK leaves gRPC's own error: the details name the kind of Temporal's. */
function namesNoNamespace({ code, metadata }: GrpcFailure): boolean {
  const details = metadata?.get('grpc-status-details-bin') ?? [];
  return code === grpcAnswers.notFound && details.some((detail) => detail.includes('NamespaceNotFoundFailure'));
}

/** The key's id is no secret, but who asks for an order needs not know it. */
function isUnreadable(error: unknown): boolean {
  for (let candidate = error; candidate instanceof Error; candidate = candidate.cause) {
    if (candidate instanceof DecryptionError) return true;
  }
  return false;
}

interface GrpcFailure {
  code: number;
  details: string;
  metadata?: { get(key: string): (string | Buffer)[] };
}

function grpcFailure(error: unknown): GrpcFailure | undefined {
  for (let candidate = error; candidate instanceof Error; candidate = candidate.cause) {
    if (isGrpcServiceError(candidate)) return candidate;
  }
  return undefined;
}
