import { WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { ORDER_CREATION_WORKFLOW, orderCreationWorkflowId, searchAttributes } from '../../contract/runs.ts';
import type { OrderCreationStage } from '../../contract/runs.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import { ReviewError } from './review-error.ts';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;
type ExecutionInfo = proto.temporal.api.workflow.v1.IWorkflowExecutionInfo;
type PendingActivity = proto.temporal.api.workflow.v1.IPendingActivityInfo;

/** A run of `orderCreation` as its search attributes tell it: they need no worker. */
export interface OrderRun {
  workflowId: string;
  runId: string;
  /** Whether it goes on. */
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

/** What is being done, or tried in vain. */
export interface OrderRunDetails extends OrderRun {
  pendingActivities: PendingActivity[];
}

const PAGE_SIZE = 200;
/** More than one wants to read where an id is not enough. */
const MOST_NAMED = 10;

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;
const WORKFLOW_ID_PREFIX = orderCreationWorkflowId('');

/** Every open run whose order is in review. @throws {TemporalAccessError} */
export function listRunsInReview(temporal: TemporalAccess): Promise<OrderRun[]> {
  const inReview = `${searchAttributes.stage.name} = ${quoted('NEEDS_REVIEW' satisfies OrderCreationStage)}`;
  return listRuns(temporal, `${inReview} AND ExecutionStatus = 'Running'`);
}

/**
 * The last run of the one order creation that is known under an id of any kind.
 *
 * @throws {ReviewError} there is none, or several.
 * @throws {TemporalAccessError}
 */
export async function findRun(temporal: TemporalAccess, id: string): Promise<OrderRunDetails> {
  // In lower case, as workflow ids and our order ids are made; other ids are somebody else's and stay as they are.
  const isWorkflowId = id.toLowerCase().startsWith(WORKFLOW_ID_PREFIX);
  const wanted = isWorkflowId || UUID.test(id) ? id.toLowerCase() : id;
  if (isWorkflowId || UUID.test(id)) {
    const named = await describe(temporal, isWorkflowId ? wanted : orderCreationWorkflowId(wanted));
    if (named !== undefined) return named;
  }

  const { orderId, quoteId, ridendineOrderId } = searchAttributes;
  const values = [...new Set([id, wanted])].map(quoted).join(', ');
  const anyId = [orderId, quoteId, ridendineOrderId].map(({ name }) => `${name} IN (${values})`).join(' OR ');
  const workflowIds = [...new Set((await listRuns(temporal, `(${anyId})`)).map((run) => run.workflowId))];
  const found = (await Promise.all(workflowIds.slice(0, MOST_NAMED).map((each) => describe(temporal, each)))).filter(
    (run) => run !== undefined,
  );
  const [run] = found;
  if (run === undefined) {
    throw new ReviewError(
      `Temporal knows no order creation by "${id}": check the id, and TEMPORAL_NAMESPACE ("${temporal.settings.namespace}"). An order that ended long ago is in Directus alone.`,
    );
  }
  if (workflowIds.length > 1) {
    const each = found.map(
      ({ workflowId: name, stage, orderId: order }) => `  ${name}  ${stage}  order ${order ?? '-'}`,
    );
    throw new ReviewError(
      `${workflowIds.length} order creations are known by "${id}". Use the workflow id of the one that you mean:\n${each.join('\n')}`,
    );
  }
  return run;
}

/** When the order came into review; undefined if its history does not tell. @throws {TemporalAccessError} */
export async function inReviewSince(
  { ask, connection, settings }: TemporalAccess,
  { workflowId, runId }: OrderRun,
): Promise<Date | undefined> {
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await ask(() =>
      connection.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: settings.namespace,
        execution: { workflowId, runId },
        maximumPageSize: PAGE_SIZE,
        ...(nextPageToken && { nextPageToken }),
      }),
    );
    for (const { eventTime, upsertWorkflowSearchAttributesEventAttributes: upsert } of page.history?.events ?? []) {
      const stage = keywords(upsert?.searchAttributes)(searchAttributes.stage.name);
      if (stage === ('NEEDS_REVIEW' satisfies OrderCreationStage)) return dateOf(eventTime);
    }
    nextPageToken = page.nextPageToken;
  } while (nextPageToken.length > 0);
  return undefined;
}

/** The runs that match, the newest first. Asked for without the memo, which only our keys could read. */
async function listRuns({ ask, connection, settings }: TemporalAccess, condition: string): Promise<OrderRun[]> {
  const query = `WorkflowType = ${quoted(ORDER_CREATION_WORKFLOW)} AND ${condition}`;
  const runs: OrderRun[] = [];
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await ask(() =>
      connection.workflowService.listWorkflowExecutions({
        namespace: settings.namespace,
        query,
        pageSize: PAGE_SIZE,
        ...(nextPageToken && { nextPageToken }),
      }),
    );
    runs.push(...page.executions.map(runOf));
    nextPageToken = page.nextPageToken;
  } while (nextPageToken.length > 0);
  return runs;
}

async function describe({ ask, client }: TemporalAccess, workflowId: string): Promise<OrderRunDetails | undefined> {
  try {
    const { raw } = await ask(() => client.workflow.getHandle(workflowId).describe());
    return { ...runOf(raw.workflowExecutionInfo ?? {}), pendingActivities: raw.pendingActivities ?? [] };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function runOf(info: ExecutionInfo): OrderRun {
  const valueOf = keywords(info.searchAttributes);
  return {
    workflowId: info.execution?.workflowId ?? '',
    runId: info.execution?.runId ?? '',
    isOpen: !info.closeTime,
    status: (WorkflowExecutionStatus[info.status ?? 0] ?? '').replace('WORKFLOW_EXECUTION_STATUS_', ''),
    startedAt: dateOf(info.startTime),
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

function dateOf(time: proto.google.protobuf.ITimestamp | null | undefined): Date {
  return new Date(Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6));
}

/** As a text in a visibility query: whatever somebody types stays one. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
