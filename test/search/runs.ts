import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import { orderCreationWorkflowId, searchAttributes } from '../../src/contract/runs.ts';
import { orderFields } from '../../src/integrations/directus/collections.ts';
import { millisecondsOf } from '../../src/temporal/timestamps.ts';
import { isLinked, isTakenOver, rowOf } from './observations.ts';
import type { Observations, SupportRequest } from './observations.ts';

const { PendingActivityState } = proto.temporal.api.enums.v1;
const { PENDING_ACTIVITY_STATE_SCHEDULED, PENDING_ACTIVITY_STATE_STARTED } = PendingActivityState;
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** The runs of a schedule's keys, each named by the number of its key. */
export interface Runs {
  handleOf(key: number): WorkflowHandle;
  describe(key: number): Promise<WorkflowExecutionDescription | undefined>;
  /** How the run and the order of a key stand, in words. */
  stateOf(key: number): Promise<string>;
  /** The steps that are pending in the run of a key, in words. */
  pendingOf(key: number): Promise<string>;
  isInReview(key: number): Promise<boolean>;
  /** When the run of a key learned of a request to cancel; `undefined` if it never did. Milliseconds since 1970. */
  learnedOf(request: Pick<SupportRequest, 'key' | 'id' | 'what'>): Promise<number | undefined>;
  /** Waits until every run has ended or waits for people. @returns the keys whose runs do neither in time. */
  rest(longestMs: number): Promise<number[]>;
  /** Waits until an open run is in this stage. Stops waiting if no run is open and no checkout may begin one. */
  untilAnyIs(stage: string, longestMs: number): Promise<void>;
  /** Like {@link untilAnyIs}, but waits until a failed step waits for its next attempt, or makes it. */
  untilAnyTriesAgain(attempt: 'waits' | 'made', longestMs: number): Promise<void>;
}

export function runsOf(
  client: Client,
  observed: Pick<Observations, 'world' | 'unanswered' | 'reset' | 'terminated' | 'deleted'>,
): Runs {
  const { world, unanswered } = observed;
  const handleOf = (key: number) => client.workflow.getHandle(orderCreationWorkflowId(world.keys[key] ?? ''));
  const describe = (key: number) => describeOrNone(handleOf(key));
  const isInReview = async (key: number) => {
    const run = await describe(key);
    return run !== undefined && isOpen(run) && stageOf(run) === 'NEEDS_REVIEW';
  };
  const isAtRest = async (key: number) => {
    const run = await describe(key);
    // A checkout without an answer may be about to begin a run.
    if (!run || !isOpen(run)) return !unanswered.includes(key);
    // If a later phase has taken on the order, the run does not change the phase's status.
    const status = rowOf(world, key)?.[orderFields.status];
    if (stageOf(run) !== 'NEEDS_REVIEW') return false;
    // A write of a run that was taken away may come late and change the status. Then people find the order by its run,
    // not by its status.
    return status === 'NEEDS_REVIEW' || status === 'CONFIRMED' || isTakenOver(observed, key);
  };
  const untilAny = async (isReached: (run: WorkflowExecutionDescription) => boolean, longestMs: number) => {
    const until = Date.now() + longestMs;
    while (Date.now() < until) {
      const seen = await Promise.all([...world.keys.keys()].map(describe));
      const open = seen.filter((run) => run !== undefined && isOpen(run));
      if (open.some((run) => run && isReached(run))) return;
      if (open.length === 0 && unanswered.length === 0) return;
      await delay(40);
    }
  };
  return {
    handleOf,
    describe,
    isInReview,
    async stateOf(key) {
      const run = await describe(key);
      const row = rowOf(world, key);
      const order = row ? `${String(row[orderFields.status])}${isLinked(row) ? ' linked' : ''}` : 'no order';
      return `${run ? (isOpen(run) ? stageOf(run) : run.status.name) : 'no run'}, ${order}`;
    },
    async pendingOf(key) {
      const steps = (await describe(key))?.raw.pendingActivities ?? [];
      return steps
        .map(({ activityType, attempt, state, paused, lastFailure }) => {
          const name = `${activityType?.name}, attempt ${attempt}, ${PendingActivityState[state ?? 0]}`;
          return `; ${name}${paused ? ', paused' : ''}${lastFailure ? `: ${lastFailure.message}` : ''}`;
        })
        .join('');
    },
    async learnedOf({ key, id, what }) {
      const { events } = await handleOf(key).fetchHistory();
      const found = (events ?? []).findIndex(
        what === 'cancel'
          ? (event) => event.workflowExecutionUpdateAcceptedEventAttributes?.protocolInstanceId === id
          : (event) => event.workflowExecutionCancelRequestedEventAttributes != null,
      );
      if (found === -1) return undefined;
      // Temporal's own cancellation request reaches the run with the next workflow task.
      const isLearned = (event: HistoryEvent, at: number) =>
        what === 'cancel' ? at === found : at > found && event.workflowTaskCompletedEventAttributes != null;
      const learned = events?.find(isLearned);
      return learned && millisecondsOf(learned.eventTime);
    },
    async rest(longestMs) {
      const until = Date.now() + longestMs;
      const busy = new Set(world.keys.keys());
      for (;;) {
        for (const key of busy) if (await isAtRest(key)) busy.delete(key);
        if (busy.size === 0 || Date.now() > until) return [...busy];
        await delay(50);
      }
    },
    untilAnyIs: (stage, longestMs) => untilAny((run) => stageOf(run) === stage, longestMs),
    untilAnyTriesAgain: (attempt, longestMs) =>
      untilAny(({ raw }) => {
        const wanted = attempt === 'waits' ? PENDING_ACTIVITY_STATE_SCHEDULED : PENDING_ACTIVITY_STATE_STARTED;
        return raw.pendingActivities?.some(({ state, lastFailure }) => state === wanted && lastFailure) === true;
      }, longestMs),
  };
}

export function isOpen(run: WorkflowExecutionDescription): boolean {
  return run.status.name === 'RUNNING';
}

function stageOf(run: WorkflowExecutionDescription): string {
  return run.typedSearchAttributes.get(searchAttributes.stage) ?? 'no stage';
}

async function describeOrNone(handle: WorkflowHandle): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await handle.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
