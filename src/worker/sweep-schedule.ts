import { ScheduleAlreadyRunning, ScheduleClient, ScheduleOverlapPolicy } from '@temporalio/client';
import type { ScheduleClientOptions, ScheduleOptions } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { PayloadCodec } from '@temporalio/common';
import { ORDER_CREATION_TASK_QUEUE, ORDER_SWEEP_SCHEDULE_ID, ORDER_SWEEP_WORKFLOW } from '../contract/runs.ts';
import type { OrderSweep, orderSweep } from '../workflows/order-sweep.ts';

export interface SweepSettings {
  intervalMs: number;
  /** How old an unfinished order must be before the sweep looks at it. */
  afterMs: number;
}

/**
 * Writes the schedule in clear, and does not read what somebody has encrypted in it. The schedule holds no secret
 * and outlives encryption keys. If it were encrypted, a worker without the key of the last worker could not start.
 */
const withoutKeys: PayloadCodec = {
  encode: async (payloads) => payloads,
  decode: async (payloads) => payloads.map(() => defaultPayloadConverter.toPayload(null)),
};

/**
 * Creates or updates the schedule by which Temporal starts the sweep for lost orders. The worker that started last
 * decides on the times. A schedule that an operator has paused stays paused.
 */
export async function scheduleSweep(
  temporal: Pick<ScheduleClientOptions, 'connection' | 'namespace'>,
  { intervalMs, afterMs }: SweepSettings,
): Promise<void> {
  const schedules = new ScheduleClient({ ...temporal, dataConverter: { payloadCodecs: [withoutKeys] } });
  const schedule = {
    spec: { intervals: [{ every: intervalMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: ORDER_SWEEP_WORKFLOW,
      workflowId: ORDER_SWEEP_SCHEDULE_ID,
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      args: [{ older_than_ms: afterMs }] as [OrderSweep],
      staticSummary: 'Continue orders without an open run',
    },
    // The next sweep does the work of a sweep that was missed.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: intervalMs },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
  try {
    await schedules.create<typeof orderSweep>({ scheduleId: ORDER_SWEEP_SCHEDULE_ID, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedules
      .getHandle(ORDER_SWEEP_SCHEDULE_ID)
      .update<typeof orderSweep>(({ state }) => ({ ...schedule, state }));
  }
}
