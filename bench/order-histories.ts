import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { orderCreationWorkflowId } from '../src/contract/runs.ts';
import { median, percentile } from './statistics.ts';

const { EventType } = proto.temporal.api.enums.v1;

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** What the history of an order creation on its good path is made of. */
export interface OrderHistories {
  /** Orders that are not in it: an activity had to be tried again. */
  leftOut: number;
  /** Medians of one order. */
  events: number;
  bytes: number;
  workflowTasks: number;
  /** From a task's being there to a worker's having it. */
  workflowTaskWaitMs: Times;
  /** From there to the worker's answer. */
  workflowTaskRunMs: Times;
  /** By the activity's name. */
  activities: Record<string, { waitMs: Times; runMs: Times }>;
}

interface Times {
  p50: number;
  p95: number;
}

/** @throws RangeError if there is no order on its good path. */
export async function readOrderHistories(client: Client, keys: string[]): Promise<OrderHistories> {
  const all = await Promise.all(
    keys.map(async (key) => {
      const handle = client.workflow.getHandle(orderCreationWorkflowId(key));
      const [description, history] = await Promise.all([handle.describe(), handle.fetchHistory()]);
      const bytes = description.raw.workflowExecutionInfo?.historySizeBytes;
      return { events: history.events ?? [], bytes: Number(bytes ?? 0) };
    }),
  );
  const runs = all.filter(({ events }) => !events.some(isTriedAgain));
  const workflowTasks = runs.map(({ events }) => workflowTasksIn(events));
  const activities = Map.groupBy(
    runs.flatMap(({ events }) => activitiesIn(events)),
    ({ name }) => name,
  );
  return {
    leftOut: all.length - runs.length,
    events: median(runs.map(({ events }) => events.length)),
    bytes: median(runs.map(({ bytes }) => bytes)),
    workflowTasks: median(workflowTasks.map(({ length }) => length)),
    workflowTaskWaitMs: timesOf(workflowTasks.flat().map(({ waitMs }) => waitMs)),
    workflowTaskRunMs: timesOf(workflowTasks.flat().map(({ runMs }) => runMs)),
    activities: Object.fromEntries(
      [...activities].map(([name, some]) => [
        name,
        { waitMs: timesOf(some.map(({ waitMs }) => waitMs)), runMs: timesOf(some.map(({ runMs }) => runMs)) },
      ]),
    ),
  };
}

function workflowTasksIn(events: HistoryEvent[]): { waitMs: number; runMs: number }[] {
  const byId = new Map(events.map((event) => [Number(event.eventId), event]));
  return events
    .filter(({ eventType }) => eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    .map((completed) => {
      const { scheduledEventId, startedEventId } = completed.workflowTaskCompletedEventAttributes ?? {};
      const started = timeOf(byId.get(Number(startedEventId)));
      return { waitMs: started - timeOf(byId.get(Number(scheduledEventId))), runMs: timeOf(completed) - started };
    });
}

function activitiesIn(events: HistoryEvent[]): { name: string; waitMs: number; runMs: number }[] {
  const byId = new Map(events.map((event) => [Number(event.eventId), event]));
  return events
    .filter(({ eventType }) => eventType === EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
    .map((completed) => {
      const { scheduledEventId, startedEventId } = completed.activityTaskCompletedEventAttributes ?? {};
      const scheduled = byId.get(Number(scheduledEventId));
      const started = byId.get(Number(startedEventId));
      const name = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name ?? 'unknown';
      return { name, waitMs: timeOf(started) - timeOf(scheduled), runMs: timeOf(completed) - timeOf(started) };
    });
}

function isTriedAgain({ activityTaskStartedEventAttributes: started }: HistoryEvent): boolean {
  return (started?.attempt ?? 1) > 1;
}

function timeOf(event: HistoryEvent | undefined): number {
  if (!event?.eventTime) throw new Error('A history refers to an event that it does not have.');
  const { seconds, nanos } = event.eventTime;
  return Number(seconds) * 1000 + (nanos ?? 0) / 1e6;
}

function timesOf(values: number[]): Times {
  return { p50: percentile(values, 0.5), p95: percentile(values, 0.95) };
}
