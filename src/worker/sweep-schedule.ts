import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions, ScheduleOptionsStartWorkflowAction } from '@temporalio/client';
import { ORDER_CREATION_TASK_QUEUE, ORDER_SWEEP_SCHEDULE_ID, ORDER_SWEEP_WORKFLOW } from '../domain/order-creation.ts';
import { DecryptionError } from '../encryption/encryption-codec.ts';
import type { OrderSweep, orderSweep } from '../workflows/order-sweep.ts';

export interface SweepSettings {
  intervalMs: number;
  /** How old an unfinished order has to be. */
  afterMs: number;
}

/**
 * Sees to it that Temporal starts the sweep for lost orders. The worker that was started last decides on the times; a
 * schedule that an operator has paused stays so.
 */
export async function scheduleSweep(client: Client, { intervalMs, afterMs }: SweepSettings): Promise<void> {
  const schedule = {
    spec: { intervals: [{ every: intervalMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: ORDER_SWEEP_WORKFLOW,
      workflowId: ORDER_SWEEP_SCHEDULE_ID,
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      args: [{ older_than_ms: afterMs }] as [OrderSweep],
      staticSummary: 'Continue orders that no run carries any more',
    },
    // A sweep that was missed is made up for by the next one.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: intervalMs },
  } satisfies SweepSchedule;
  try {
    await client.schedule.create<typeof orderSweep>({ scheduleId: ORDER_SWEEP_SCHEDULE_ID, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await change(client, schedule);
  }
}

type SweepSchedule = Omit<ScheduleOptions, 'scheduleId' | 'action'> & {
  action: ScheduleOptionsStartWorkflowAction<typeof orderSweep>;
};

async function change(client: Client, schedule: SweepSchedule): Promise<void> {
  const handle = client.schedule.getHandle(ORDER_SWEEP_SCHEDULE_ID);
  try {
    await handle.update<typeof orderSweep>(({ state }) => ({ ...schedule, state }));
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    // A worker that has lost a key must start all the same. Whether it is paused stands in clear.
    const { schedule: stored } = await client.workflowService.describeSchedule({
      namespace: client.options.namespace,
      scheduleId: ORDER_SWEEP_SCHEDULE_ID,
    });
    const { paused, notes } = stored?.state ?? {};
    await handle.delete();
    await client.schedule.create({
      scheduleId: ORDER_SWEEP_SCHEDULE_ID,
      ...schedule,
      state: { paused: paused ?? false, ...(notes && { note: notes }) },
    });
  }
}
