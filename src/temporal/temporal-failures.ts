import {
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  isGrpcDeadlineError,
  isGrpcServiceError,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { DecryptionError } from './encryption-codec.ts';

/**
 * The status codes of gRPC (https://grpc.io/docs/guides/status-codes/) that are an answer of Temporal. A request that
 * gets such an answer is not made again.
 */
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

/** Words of OpenSSL and Node in the gRPC library's error if a connection failed because of certificates. */
const TLS_TROUBLE = /certificate|\bSSL\b|\bTLS\b|altname/i;

/** A request's deadline passed, and gRPC had not noticed yet. */
export class RequestTimedOut extends Error {
  override readonly name = 'RequestTimedOut';
}

/** Whether a request ended because its deadline passed. */
export function ranOutOfTime(error: unknown): boolean {
  return error instanceof RequestTimedOut || isGrpcDeadlineError(error);
}

/** Whether a request got no answer but may get one if repeated: the server went away, restarts or is too busy. */
export function gotNoAnswer(error: unknown): boolean {
  const code = grpcFailure(error)?.code;
  return code !== undefined && !ANSWERED.has(code);
}

/**
 * Whether the other side gave a request up. A server does so when the deadline passes, which may be earlier than our
 * own timer.
 */
export function wasGivenUp(error: unknown): boolean {
  return grpcFailure(error)?.code === CANCELLED;
}

/** Whether Temporal asks for fewer requests. */
export function isOverloaded(error: unknown): boolean {
  return grpcFailure(error)?.code === RESOURCE_EXHAUSTED;
}

/** What can go wrong between a program and Temporal. */
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

/** The gRPC status code of an error that the SDK passes on unchanged; `undefined` for any other error. */
export function grpcCodeOf(error: unknown): number | undefined {
  return isGrpcServiceError(error) ? error.code : undefined;
}

/** The answer to a request; `undefined` if Temporal has nothing of that name, such as a run that it has forgotten. */
export async function ifFound<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || grpcCodeOf(error) === grpcAnswers.notFound) return undefined;
    throw error;
  }
}

/** Whether the server does not have this request. Temporal Cloud, for example, has no operator service. */
export function isUnimplemented(error: unknown): boolean {
  return grpcFailure(error)?.code === grpcAnswers.unimplemented;
}

/** Whether gRPC's own error, which the SDK sometimes passes on, names Temporal's error `NamespaceNotFound`. */
function namesNoNamespace({ code, metadata }: GrpcFailure): boolean {
  const details = metadata?.get('grpc-status-details-bin') ?? [];
  return code === grpcAnswers.notFound && details.some((detail) => detail.includes('NamespaceNotFoundFailure'));
}

/** Whether decryption failed. Only this is told: the key's id is no secret, but a caller need not know it. */
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
