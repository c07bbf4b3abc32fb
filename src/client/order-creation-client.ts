import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { ConnectionOptions, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { checkoutRequestSchema, hyphenatedUuid } from '../domain/checkout-request.ts';
import type { CheckoutRequest, CheckoutRequestInput } from '../domain/checkout-request.ts';
import { isFailureCode } from '../domain/failure-codes.ts';
import {
  ORDER_CREATION_WORKFLOW,
  REQUEST_FINGERPRINT_MEMO,
  orderCreationStart,
  orderCreationWorkflowId,
  searchAttributes,
} from '../domain/order-creation.ts';
import type { OrderCreationStage } from '../domain/order-creation.ts';
import { requestFingerprint } from '../identity/request-fingerprint.ts';
import type { orderCreation } from '../workflows/order-creation.ts';
import { IdempotencyKeyInvalidError, OrderFailedError, OrderNotFoundError, orderFailure } from './errors.ts';
import type { CreateOrderOutcome, OrderInProgress, OrderView } from './order-view.ts';
import { ranOutOfTime, reportingTemporalFailures } from './temporal-failures.ts';

export type OrderCreationClientOptions = Pick<ConnectionOptions, 'address' | 'apiKey' | 'tls'> & {
  /** Temporal namespace. */
  namespace: string;
};

/** Longest that one call to Temporal may take; waiting for a result has the caller's own time. */
const CALL_TIMEOUT_MS = 5000;

type Handle = WorkflowHandle<typeof orderCreation>;

/** Starts order creations and reads how they stand. Safe to share; one connection serves all calls. */
export class OrderCreationClient {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Connects when the first call needs it, so that a caller can start before Temporal does. */
  static connect({ namespace, ...options }: OrderCreationClientOptions): OrderCreationClient {
    return new OrderCreationClient(new Client({ connection: Connection.lazy(options), namespace }));
  }

  async close(): Promise<void> {
    await this.#client.connection.close();
  }

  /**
   * Creates the order of a confirmed checkout, or joins the creation that another request with the same key began.
   *
   * @param timeoutMs how long to wait for the result. The order creation goes on when the time is over: then the outcome
   *   is `IN_PROGRESS`, and the same request gives the result later.
   * @throws {OrderFailedError} the creation ended without an order, or the request breaks the schema.
   * @throws {TemporalUnavailableError} nothing is known; send the same request again.
   */
  async createOrder(input: CheckoutRequestInput, { timeoutMs }: { timeoutMs: number }): Promise<CreateOrderOutcome> {
    const request = parseRequest(input);
    const deadline = Date.now() + timeoutMs;
    return await reportingTemporalFailures(async () => {
      const { handle, replayed } = await this.#startOrJoin(request);
      try {
        const result = await this.#client.withDeadline(deadline, () => handle.result());
        return { state: 'SUCCEEDED', stage: 'LINKED', ...result, replayed };
      } catch (error) {
        if (ranOutOfTime(error)) return await this.#inProgress(handle);
        throw failureOf(error) ?? error;
      }
    });
  }

  /**
   * How the order creation with this key stands.
   *
   * @throws {IdempotencyKeyInvalidError} @throws {OrderNotFoundError} @throws {TemporalUnavailableError}
   */
  async getOrder(idempotencyKey: string): Promise<OrderView> {
    const key = hyphenatedUuid.safeParse(idempotencyKey);
    if (!key.success) throw new IdempotencyKeyInvalidError('The idempotency key is no UUID in hyphenated form.');
    return await reportingTemporalFailures(async () => {
      try {
        const handle = await this.#decidingRun(orderCreationWorkflowId(key.data));
        return await this.#view(handle);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        throw new OrderNotFoundError('No order creation is known under this idempotency key.');
      }
    });
  }

  /** Whether Temporal answers. @throws {TemporalUnavailableError} */
  async checkConnection(): Promise<void> {
    await reportingTemporalFailures(() =>
      this.#withinCallTimeout(() => this.#client.connection.workflowService.getSystemInfo({})),
    );
  }

  async #startOrJoin(request: CheckoutRequest): Promise<{ handle: Handle; replayed: boolean }> {
    const fingerprint = requestFingerprint(request);
    const start = orderCreationStart(request, {
      fingerprint,
      quoteId: request.quote_id,
      customerId: request.customer_id,
    });
    const { workflowId } = start;
    try {
      const handle = await this.#withinCallTimeout(() =>
        this.#client.workflow.start<typeof orderCreation>(ORDER_CREATION_WORKFLOW, {
          ...start,
          // One run at a time, and none after one that succeeded: a key makes one order.
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        }),
      );
      return { handle, replayed: false };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    // The server compares no inputs: whether it is the same checkout is for us to see.
    const { runId, memo } = await this.#describe(this.#client.workflow.getHandle(workflowId));
    const known = memo?.[REQUEST_FINGERPRINT_MEMO];
    // A run that support staff have started by hand has none: it carries the order of this key all the same.
    if (known !== undefined && known !== fingerprint) {
      throw new OrderFailedError('IdempotencyKeyReused', 'The idempotency key belongs to another checkout.');
    }
    return { handle: this.#client.workflow.getHandle<typeof orderCreation>(workflowId, runId), replayed: true };
  }

  /** The latest run that speaks for the key: one that was refused because the key is another checkout's does not. */
  async #decidingRun(workflowId: string): Promise<Handle> {
    const latest = this.#client.workflow.getHandle<typeof orderCreation>(workflowId);
    const { typedSearchAttributes } = await this.#describe(latest);
    if (typedSearchAttributes.get(searchAttributes.failureCode) !== 'IdempotencyKeyReused') return latest;
    const others = this.#client.workflow.list({
      query: `WorkflowId = "${workflowId}" AND (${searchAttributes.failureCode.name} IS NULL OR ${searchAttributes.failureCode.name} != "IdempotencyKeyReused")`,
      pageSize: 1,
    });
    for await (const run of others) return this.#client.workflow.getHandle<typeof orderCreation>(workflowId, run.runId);
    return latest;
  }

  async #view(handle: Handle): Promise<OrderView> {
    const description = await this.#describe(handle);
    if (description.status.name === 'RUNNING') return progressOf(description);
    try {
      const result = await this.#withinCallTimeout(() => handle.result());
      return { state: 'SUCCEEDED', stage: 'LINKED', ...result };
    } catch (error) {
      const failure = failureOf(error);
      if (!failure) throw error;
      const { stage, order_id } = progressOf(description);
      return {
        state: 'FAILED',
        stage,
        ...(order_id !== undefined && { order_id }),
        failure: { code: failure.code, detail: failure.message },
      };
    }
  }

  async #inProgress(handle: Handle): Promise<OrderInProgress> {
    return progressOf(await this.#describe(handle));
  }

  #describe(handle: WorkflowHandle): Promise<WorkflowExecutionDescription> {
    return this.#withinCallTimeout(() => handle.describe());
  }

  #withinCallTimeout<Result>(call: () => Promise<Result>): Promise<Result> {
    return this.#client.withDeadline(Date.now() + CALL_TIMEOUT_MS, call);
  }
}

function parseRequest(input: CheckoutRequestInput): CheckoutRequest {
  const parsed = checkoutRequestSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) =>
    (issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.') || 'request']).map((field) => ({
      code: 'CheckoutInvalid' as const,
      field,
      detail:
        issue.code === 'unrecognized_keys' ? 'Unknown field.' : 'Missing, or not of the form that is expected here.',
    })),
  );
  const summary = problems.map(({ field, detail }) => `${field}: ${detail}`).join(' ');
  throw new OrderFailedError('CheckoutInvalid', summary, problems);
}

/** What the search attributes tell: they need no worker to answer. */
function progressOf({ typedSearchAttributes }: WorkflowExecutionDescription): OrderInProgress {
  const orderId = typedSearchAttributes.get(searchAttributes.orderId);
  const ridendineOrderId = typedSearchAttributes.get(searchAttributes.ridendineOrderId);
  const code = typedSearchAttributes.get(searchAttributes.failureCode);
  return {
    state: 'IN_PROGRESS',
    stage: (typedSearchAttributes.get(searchAttributes.stage) as OrderCreationStage | undefined) ?? 'VALIDATING',
    ...(orderId !== undefined && { order_id: orderId }),
    ...(ridendineOrderId !== undefined && { ridendine_order_id: ridendineOrderId }),
    ...(isFailureCode(code) && { failure: { code } }),
  };
}

function failureOf(error: unknown): OrderFailedError | undefined {
  if (!(error instanceof WorkflowFailedError)) return undefined;
  const { cause } = error;
  if (cause instanceof CancelledFailure) return new OrderFailedError('OrderCancelled', 'The order was cancelled.');
  return cause instanceof ApplicationFailure ? orderFailure(cause.type, cause.message, cause.details ?? []) : undefined;
}
