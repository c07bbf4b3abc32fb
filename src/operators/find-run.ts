import { defaultPayloadConverter } from '@temporalio/common';
import type { TypedSearchAttributes } from '@temporalio/common';
import proto from '@temporalio/proto';
import { orderCreationWorkflowId, searchAttributes } from '../contract/runs.ts';
import type { OrderCreationStage } from '../contract/runs.ts';
import type { FailureCode } from '../domain/failures.ts';
import { DECIDING_RUNS, isDecidingRun } from '../temporal/deciding-run.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { ifFound } from '../temporal/temporal-failures.ts';
import { millisecondsOf } from '../temporal/timestamps.ts';
import { OperatorError } from './operator-error.ts';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;
type ExecutionInfo = proto.temporal.api.workflow.v1.IWorkflowExecutionInfo;
type PendingActivity = proto.temporal.api.workflow.v1.IPendingActivityInfo;

/** A run of `orderCreation` or `linkCorrection`, as its search attributes describe it. To read them needs no worker. */
export interface OrderRun {
  workflowId: string;
  runId: string;
  /** Whether the run has not ended. */
  isOpen: boolean;
  /** `RUNNING`, `COMPLETED`, `FAILED`, `TERMINATED`, … */
  status: string;
  startedAt: Date;
  stage: OrderCreationStage | undefined;
  orderId: string | undefined;
  quoteId: string | undefined;
  ridendineOrderId: string | undefined;
  failureCode: string | undefined;
}

export interface OrderRunDetails extends OrderRun {
  /** Activities that are under way, or that wait for their next attempt. */
  pendingActivities: PendingActivity[];
  memo: Record<string, unknown> | undefined;
  attributes: TypedSearchAttributes;
}

const PAGE_SIZE = 200;
/** If several order creations have an id, the error lists at most this many. */
const MOST_NAMED = 10;

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;
const WORKFLOW_ID_PREFIX = orderCreationWorkflowId('');

/** Selects the orders in review to which every given condition applies. */
export interface ReviewFilter {
  failureCode?: FailureCode;
  storeId?: string;
  /** The run began at this time or later. */
  startedSince?: Date;
  orderIds?: readonly string[];
}

/** Every open run whose order is in review, the newest first. @throws {TemporalAccessError} */
export function listRunsInReview(temporal: TemporalAccess, filter: ReviewFilter = {}): Promise<OrderRun[]> {
  const { failureCode, storeId, startedSince, orderIds } = filter;
  const conditions = [
    `${searchAttributes.stage.name} = ${quoted('NEEDS_REVIEW' satisfies OrderCreationStage)}`,
    "ExecutionStatus = 'Running'",
    failureCode && `${searchAttributes.failureCode.name} = ${quoted(failureCode)}`,
    storeId !== undefined && `${searchAttributes.storeId.name} = ${quoted(storeId)}`,
    startedSince && `StartTime >= ${quoted(startedSince.toISOString())}`,
    orderIds && `${searchAttributes.orderId.name} IN (${orderIds.map(quoted).join(', ')})`,
  ];
  return listRuns(temporal, conditions.filter(Boolean).join(' AND '));
}

/**
 * The workflow id that a typed id means: a UUID is taken for an idempotency key, and a workflow id for itself. It is in
 * lower case, as our ids are. `undefined` for any other id: others make those, and their case may matter.
 */
export function workflowIdOf(id: string): string | undefined {
  const wanted = id.toLowerCase();
  if (UUID.test(wanted)) return orderCreationWorkflowId(wanted);
  return wanted.startsWith(WORKFLOW_ID_PREFIX) ? wanted : undefined;
}

/**
 * The deciding run (`DECIDING_RUNS`) of the order that an id of any kind belongs to; the latest run if none decides.
 *
 * @throws {OperatorError} Temporal knows no order by this id, or several.
 * @throws {TemporalAccessError}
 */
export async function findRun(temporal: TemporalAccess, id: string): Promise<OrderRunDetails> {
  const run = await findRunIfKnown(temporal, id);
  if (run !== undefined) return run;
  throw unknownOrder(temporal, id);
}

export function unknownOrder({ settings }: TemporalAccess, id: string): OperatorError {
  return new OperatorError(
    'unknown order',
    `Temporal knows no order creation by "${id}": check the id, and TEMPORAL_NAMESPACE ("${settings.namespace}"). An order that ended long ago is in Directus alone; its link can be corrected by its idempotency key.`,
  );
}

/**
 * As {@link findRun}, but `undefined` if Temporal knows no order by this id.
 *
 * @throws {OperatorError} Temporal knows several.
 * @throws {TemporalAccessError}
 */
export async function findRunIfKnown(temporal: TemporalAccess, id: string): Promise<OrderRunDetails | undefined> {
  const workflowId = workflowIdOf(id);
  const named = workflowId && (await describe(temporal, workflowId));
  const { orderId, quoteId, ridendineOrderId } = searchAttributes;
  return named || (await findListedRun(temporal, id, [orderId, quoteId, ridendineOrderId]));
}

/** The ids of an order, as its record in Directus has them. */
export interface OrderIdentity {
  orderId: string;
  /** Without the key, the link of an order that Temporal has forgotten cannot be corrected. */
  idempotencyKey?: string | undefined;
}

/** As {@link findRunIfKnown}, but each id is looked up only as the kind of id that it is. */
export async function findRunOf(
  temporal: TemporalAccess,
  { orderId, idempotencyKey }: OrderIdentity,
): Promise<OrderRunDetails | undefined> {
  return idempotencyKey === undefined
    ? await findListedRun(temporal, orderId, [searchAttributes.orderId])
    : await describe(temporal, orderCreationWorkflowId(idempotencyKey));
}

/** @throws {OperatorError} several order creations have a search attribute with this value. */
async function findListedRun(
  temporal: TemporalAccess,
  id: string,
  attributes: { name: string }[],
): Promise<OrderRunDetails | undefined> {
  const values = [...new Set([id, id.toLowerCase()])].map(quoted).join(', ');
  const anyOf = attributes.map(({ name }) => `${name} IN (${values})`).join(' OR ');
  const workflowIds = [...new Set((await listRuns(temporal, `(${anyOf})`)).map((run) => run.workflowId))];
  const found = (await Promise.all(workflowIds.slice(0, MOST_NAMED).map((each) => describe(temporal, each)))).filter(
    (run) => run !== undefined,
  );
  if (workflowIds.length > 1) {
    const each = found.map(
      ({ workflowId: name, stage, orderId: order }) => `  ${name}  ${stage}  order ${order ?? '-'}`,
    );
    throw new OperatorError(
      'refused',
      `${workflowIds.length} order creations are known by "${id}". Use the workflow id of the one that you mean:\n${each.join('\n')}`,
    );
  }
  return found[0];
}

/** When the order came into review; undefined if its history does not tell. @throws {TemporalAccessError} */
export async function inReviewSince(
  { ask, connection, settings }: TemporalAccess,
  { workflowId, runId }: OrderRun,
): Promise<Date | undefined> {
  const execution = { workflowId, runId };
  const pages = pagesOf((nextPageToken) =>
    ask(() =>
      connection.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: settings.namespace,
        execution,
        maximumPageSize: PAGE_SIZE,
        nextPageToken,
      }),
    ),
  );
  for await (const { history } of pages) {
    for (const { eventTime, upsertWorkflowSearchAttributesEventAttributes: upsert } of history?.events ?? []) {
      const stage = keywords(upsert?.searchAttributes)(searchAttributes.stage.name);
      if (stage === ('NEEDS_REVIEW' satisfies OrderCreationStage)) return new Date(millisecondsOf(eventTime));
    }
  }
  return undefined;
}

/** The deciding runs (`DECIDING_RUNS`) that match, the newest first. */
function listRuns(temporal: TemporalAccess, condition: string): Promise<OrderRun[]> {
  return listAllRuns(temporal, `${DECIDING_RUNS} AND ${condition}`);
}

/** All runs that match, the newest first. Needs no keys: the memo is not decrypted. @throws {TemporalAccessError} */
export async function listAllRuns(
  { ask, connection, settings: { namespace } }: TemporalAccess,
  query: string,
): Promise<OrderRun[]> {
  const pages = pagesOf((nextPageToken) =>
    ask(() =>
      connection.workflowService.listWorkflowExecutions({ namespace, query, pageSize: PAGE_SIZE, nextPageToken }),
    ),
  );
  const runs: OrderRun[] = [];
  for await (const { executions } of pages) runs.push(...executions.map(runOf));
  return runs;
}

/** The pages of a list. Each page is requested only when the caller reads on. */
async function* pagesOf<Page extends { nextPageToken: Uint8Array }>(read: (token: Uint8Array) => Promise<Page>) {
  for (let token = new Uint8Array(); ;) {
    const page = await read(token);
    yield page;
    if (page.nextPageToken.length === 0) return;
    token = new Uint8Array(page.nextPageToken);
  }
}

/** The deciding run (`DECIDING_RUNS`) with this workflow id, or the latest run if none decides. */
async function describe(temporal: TemporalAccess, workflowId: string): Promise<OrderRunDetails | undefined> {
  const { ask, client } = temporal;
  const read = (runId?: string) => ifFound(ask(() => client.workflow.getHandle(workflowId, runId).describe()));
  const latest = await read();
  if (latest === undefined) return undefined;
  const isOther = `WorkflowId = ${quoted(workflowId)} AND RunId != ${quoted(latest.runId)}`;
  const [other] = isDecidingRun(latest) ? [] : await listRuns(temporal, isOther);
  const run = other ? await read(other.runId) : latest;
  return (
    run && {
      ...runOf(run.raw.workflowExecutionInfo ?? {}),
      pendingActivities: run.raw.pendingActivities ?? [],
      memo: run.memo,
      attributes: run.typedSearchAttributes,
    }
  );
}

function runOf(info: ExecutionInfo): OrderRun {
  const valueOf = keywords(info.searchAttributes);
  return {
    workflowId: info.execution?.workflowId ?? '',
    runId: info.execution?.runId ?? '',
    isOpen: !info.closeTime,
    status: (WorkflowExecutionStatus[info.status ?? 0] ?? '').replace('WORKFLOW_EXECUTION_STATUS_', ''),
    startedAt: new Date(millisecondsOf(info.startTime)),
    stage: valueOf(searchAttributes.stage.name) as OrderCreationStage | undefined,
    orderId: valueOf(searchAttributes.orderId.name),
    quoteId: valueOf(searchAttributes.quoteId.name),
    ridendineOrderId: valueOf(searchAttributes.ridendineOrderId.name),
    failureCode: valueOf(searchAttributes.failureCode.name),
  };
}

function keywords(stored: ExecutionInfo['searchAttributes']): (name: string) => string | undefined {
  return (name) => {
    const payload = stored?.indexedFields?.[name];
    const value: unknown = payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
}

/** Quotes a text for a visibility query, so that typed text cannot change the query. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
