import { randomUUID } from 'node:crypto';
import { Client, Connection, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { ConnectionLike, ConnectionOptions } from '@temporalio/client';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import type { CheckoutRequest, CheckoutRequestInput } from '../domain/checkout-request.ts';
import {
  ORDER_CREATION_WORKFLOW,
  REQUEST_FINGERPRINT_MEMO,
  START_TOKEN_MEMO,
  orderCreationStart,
  orderCreationWorkflowId,
} from '../contract/runs.ts';
import { createEncryptionCodec } from '../temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../temporal/encryption-keys.ts';
import { requestFingerprint } from '../domain/request-fingerprint.ts';
import type { orderCreation } from '../workflows/order-creation.ts';
import { contextMemo } from './call-context.ts';
import type { CallContext } from './call-context.ts';
import {
  IdempotencyKeyInvalidError,
  OrderCreationClientClosedError,
  OrderFailedError,
  OrderNotFoundError,
  TemporalUnavailableError,
} from './errors.ts';
import { findDecidingRun } from './find-run.ts';
import type { CreateOrderOutcome, OrderView } from './order-view.ts';
import { parseRequest } from './parse-request.ts';
import { startSpans } from '../telemetry/start-spans.ts';
import { requestDeadline, withTemporalCalls } from '../temporal/temporal-calls.ts';
import type { TemporalCalls } from '../temporal/temporal-calls.ts';
import { reportingTemporalFailures } from './run-failures.ts';
import { outcomeOf, readOrderView } from './run-outcome.ts';
import type { KnownRun } from './run-outcome.ts';

/**
 * Where Temporal is, and how the client authenticates: not at all (local), by `tls` with a client certificate (mTLS),
 * or by `apiKey` (Temporal Cloud). If `apiKey` is a function, it is called before each request, so that the key can
 * change.
 */
export type OrderCreationClientOptions = Pick<ConnectionOptions, 'address' | 'apiKey' | 'tls' | 'metadata'> & {
  /** Temporal namespace. */
  namespace: string;
  /** The `ENCRYPTION_KEYS` of the workers: the same text, so that each side reads what the other has written. */
  encryptionKeys: string;
};

/** For a program that also has a worker, and shares the worker's connection with this client. */
export interface SharedConnectionOptions extends Pick<OrderCreationClientOptions, 'namespace' | 'encryptionKeys'> {
  /** A worker's `NativeConnection`. The program itself closes it, after this client. */
  connection: ConnectionLike;
  /** Whether to ask Temporal to give an order's first task to that worker, together with the answer to the start. */
  eagerStart: boolean;
}

export interface CallOptions {
  /** Ends the call, which then throws the signal's reason. An order creation that was begun goes on. */
  signal?: AbortSignal | undefined;
}

export interface WaitOptions extends CallOptions {
  /** How long to wait for the result. The order creation goes on when the time is over. */
  timeoutMs: number;
}

export interface CreateOrderOptions extends WaitOptions, CallContext {
  /** Ends the wait, not the call: the call then returns what is known of the order, as it does after `timeoutMs`. */
  stopWaiting?: AbortSignal | undefined;
}

/** gRPC's default is to pause up to two minutes before it tries a lost server again: too long for a customer. */
const MAX_RECONNECT_MS = 1000;

/** Starts order creations and reads how they stand. Safe to share; one connection serves all calls. */
export class OrderCreationClient {
  readonly #client: Client;
  readonly #eagerStart: boolean;
  readonly #disconnect: () => Promise<void>;
  readonly #closing = new AbortController();

  private constructor({
    connection,
    namespace,
    encryptionKeys,
    eagerStart,
    disconnect,
  }: SharedConnectionOptions & { disconnect: () => Promise<void> }) {
    const dataConverter = { payloadCodecs: [createEncryptionCodec(parseEncryptionKeys(encryptionKeys))] };
    this.#client = new Client({ connection, namespace, dataConverter, interceptors: { workflow: [startSpans] } });
    this.#eagerStart = eagerStart;
    this.#disconnect = disconnect;
  }

  /**
   * Connects when the first call needs it, so that a caller can start before Temporal does.
   *
   * @throws TypeError if the options do not fit together, or a certificate or the keys can't be read.
   */
  static connect({ namespace, encryptionKeys, ...options }: OrderCreationClientOptions): OrderCreationClient {
    const connection = Connection.lazy({
      ...options,
      channelArgs: { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MS },
      // Switches off the SDK's retries: neither an abort nor `close()` ends them early, and they hide why they are
      // made. `TemporalCalls` retries instead.
      interceptors: [],
    });
    return new OrderCreationClient({
      connection,
      namespace,
      encryptionKeys,
      // There is no worker on this connection.
      eagerStart: false,
      disconnect: () => connection.close(),
    });
  }

  /**
   * Uses the connection of a worker in the same program.
   *
   * Over such a connection the SDK retries requests by itself, for ten seconds at most, and cannot cancel a request
   * that is under way. A call still ends in time, but its request may go on until the request's own deadline.
   *
   * @throws TypeError if the keys can't be read.
   */
  static sharing(options: SharedConnectionOptions): OrderCreationClient {
    return new OrderCreationClient({ ...options, disconnect: async () => {} });
  }

  /**
   * Ends every call that is under way, each with an `OrderCreationClientClosedError`, and the connection unless it is
   * shared. Orders that were begun go on. Closing again does nothing.
   */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#disconnect();
  }

  /**
   * Creates the order of a confirmed checkout, or joins the creation that another request with the same key began.
   *
   * A call takes at most `timeoutMs` and the time of the requests before and after the wait: up to 5 s to begin, 5 s
   * more to join (15 s if the key's latest run does not decide), and 10 s to look at the end. These requests take
   * milliseconds unless Temporal hangs.
   *
   * @returns `IN_PROGRESS` if there is no result within `timeoutMs`. Get the result later by the same request or by
   *   `waitForOrder`.
   * @throws {OrderFailedError} the creation ended without an order, or the request breaks the schema.
   * @throws {TemporalUnavailableError} nothing is known; send the same request again.
   * @throws {OrderCreationClientClosedError} after `close()`.
   * @throws the signal's reason.
   */
  async createOrder(
    input: CheckoutRequestInput,
    { timeoutMs, signal, stopWaiting, ...context }: CreateOrderOptions,
  ): Promise<CreateOrderOutcome> {
    const deadline = deadlineIn(timeoutMs);
    const request = parseRequest(input);
    return await this.#call(signal, async (calls) => {
      const { replayed, ...run } = await this.#startOrJoin(calls, request, context);
      return await outcomeOf(calls, run, { deadline, stopWaiting, replayed });
    });
  }

  /**
   * Waits for an order creation that was begun earlier, and never begins one.
   *
   * @returns what `createOrder` would: `IN_PROGRESS` if there is no result within `timeoutMs`.
   * @throws {OrderFailedError} the creation ended without an order.
   * @throws {IdempotencyKeyInvalidError} @throws {OrderNotFoundError} @throws {TemporalUnavailableError}
   * @throws {OrderCreationClientClosedError} after `close()`.
   * @throws the signal's reason.
   */
  async waitForOrder(idempotencyKey: string, { timeoutMs, signal }: WaitOptions): Promise<CreateOrderOutcome> {
    const deadline = deadlineIn(timeoutMs);
    const workflowId = workflowIdOf(idempotencyKey);
    return await this.#call(signal, (calls) =>
      orNotFound(async () => {
        const run = await findDecidingRun(this.#client, calls, workflowId);
        return await outcomeOf(calls, run, { deadline, replayed: true });
      }),
    );
  }

  /**
   * How the order creation with this key stands. Unlike `createOrder`, it returns a failure as a view.
   *
   * @throws {IdempotencyKeyInvalidError} @throws {OrderNotFoundError} @throws {TemporalUnavailableError}
   * @throws {OrderCreationClientClosedError} after `close()`.
   * @throws the signal's reason.
   */
  async getOrder(idempotencyKey: string, { signal }: CallOptions = {}): Promise<OrderView> {
    const workflowId = workflowIdOf(idempotencyKey);
    return await this.#call(signal, (calls) =>
      orNotFound(async () => await readOrderView(calls, await findDecidingRun(this.#client, calls, workflowId))),
    );
  }

  /**
   * Whether Temporal answers.
   *
   * @throws {TemporalUnavailableError} @throws {OrderCreationClientClosedError} @throws the signal's reason.
   */
  async checkConnection({ signal }: CallOptions = {}): Promise<void> {
    await this.#call(signal, (calls) =>
      calls.by(requestDeadline(), () => this.#client.connection.workflowService.getSystemInfo({})),
    );
  }

  /** Runs `work` until it ends, the caller's signal is aborted or this client is closed. */
  async #call<Result>(signal: AbortSignal | undefined, work: (calls: TemporalCalls) => Promise<Result>) {
    const closing = this.#closing.signal;
    const signals = signal ? [closing, signal] : [closing];
    try {
      return await withTemporalCalls({ client: this.#client, signals }, (calls) =>
        reportingTemporalFailures(() => work(calls)),
      );
    } catch (error) {
      // Each call throws an error of its own, so that the stack shows which call was ended.
      throw closing.aborted && error === closing.reason ? new OrderCreationClientClosedError() : error;
    }
  }

  async #startOrJoin(
    calls: TemporalCalls,
    request: CheckoutRequest,
    context: CallContext,
  ): Promise<KnownRun & { replayed: boolean }> {
    const fingerprint = requestFingerprint(request);
    const startToken = randomUUID();
    const start = orderCreationStart(request, {
      fingerprint,
      quoteId: request.quote_id,
      customerId: request.customer_id,
      memo: { ...contextMemo(context), [START_TOKEN_MEMO]: startToken },
    });
    try {
      const handle = await calls.by(requestDeadline(), () =>
        this.#client.workflow.start<typeof orderCreation>(ORDER_CREATION_WORKFLOW, {
          ...start,
          // One run at a time, and none after one that succeeded: a key makes one order.
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
          requestEagerStart: this.#eagerStart,
        }),
      );
      return { handle, replayed: false };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    // The server does not compare inputs. So the client must check whether the run has the same checkout.
    const run = await findDecidingRun(this.#client, calls, start.workflowId).catch((error: unknown) => {
      if (!(error instanceof OrderNotFoundError)) throw error;
      throw new TemporalUnavailableError('Another run under this idempotency key has to end first. Ask again.');
    });
    const known = run.description.memo?.[REQUEST_FINGERPRINT_MEMO];
    // Somebody started the run by hand. The run stores its fingerprint once it has looked at the order.
    if (known === undefined) {
      throw new TemporalUnavailableError('Which checkout this order creation has is not known yet. Ask again.');
    }
    if (known !== fingerprint) {
      throw new OrderFailedError('IdempotencyKeyReused', 'The idempotency key belongs to another checkout.');
    }
    // If the answer to this call's start was lost, the repeated start finds the run that this call itself began.
    return { ...run, replayed: run.description.memo?.[START_TOKEN_MEMO] !== startToken };
  }
}

/** @returns milliseconds since 1970. @throws TypeError if `timeoutMs` is not a number. */
function deadlineIn(timeoutMs: number): number {
  if (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs)) {
    throw new TypeError('timeoutMs must be a number of milliseconds.');
  }
  return Date.now() + timeoutMs;
}

function workflowIdOf(idempotencyKey: string): string {
  const key = hyphenatedUuid.safeParse(idempotencyKey);
  if (!key.success) throw new IdempotencyKeyInvalidError('The idempotency key is no UUID in hyphenated form.');
  return orderCreationWorkflowId(key.data);
}

async function orNotFound<Result>(lookUp: () => Promise<Result>): Promise<Result> {
  try {
    return await lookUp();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new OrderNotFoundError('No order creation is known under this idempotency key.');
  }
}
