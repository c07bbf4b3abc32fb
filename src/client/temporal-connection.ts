import { Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';

/** By default gRPC waits up to two minutes before it tries a server again that was away: a customer is waiting. */
const MAX_RECONNECT_BACKOFF_MS = 1000;

const LONG_POLL = '/GetWorkflowExecutionHistory';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type GrpcCall = ReturnType<Interceptor>;

/**
 * Connects when the first request needs it.
 *
 * @param closing aborted when the connection is closed.
 */
export function connectLazily(options: ConnectionOptions, closing: AbortSignal): Connection {
  return Connection.lazy({
    ...options,
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_BACKOFF_MS,
    },
    interceptors: [retryAllButLongPolls(closing)],
  });
}

/**
 * The SDK's own retries, which send the id of a start again, so that the server knows it. But they can't be cancelled,
 * and they end after ten: the wait for a result, which is a long poll, does its own (see `waitForResult`).
 */
function retryAllButLongPolls(closing: AbortSignal): Interceptor {
  const retry = makeGrpcRetryInterceptor(defaultGrpcRetryOptions());
  return (options, nextCall) =>
    options.method_definition.path.endsWith(LONG_POLL)
      ? (nextCall(options) as GrpcCall)
      : // A retry comes by a timer: on a connection that is closed it would throw where nobody catches it.
        retry(options, (attempt) => (closing.aborted ? noCall() : nextCall(attempt)));
}

/** A call that never ends; whoever waited for it has been told already. */
function noCall(): GrpcCall {
  const doNothing = () => {};
  return { start: doNothing, sendMessage: doNothing, halfClose: doNothing } as unknown as GrpcCall;
}
