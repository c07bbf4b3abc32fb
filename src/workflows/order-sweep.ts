import { continueAsNew, proxyActivities } from '@temporalio/workflow';
import type { OrderSweepActivities } from '../activities/order-sweep-activities.ts';
import { sweepRetries } from './activity-options.ts';

const { continueLostOrders } = proxyActivities<OrderSweepActivities>({
  ...sweepRetries,
  summary: 'Continue orders that no run carries any more',
});

/** Keeps a run's history short, however many orders wait. */
const PAGES_A_RUN = 500;

export interface OrderSweep {
  /** Younger orders are left alone: their runs are on their way. */
  older_than_ms: number;
  /** Where a long sweep has come to. */
  so_far?: { created_before: string; seen: number; continued: number };
}

export interface OrderSweepResult {
  /** Orders that are unfinished, most of them in the hands of an open run. */
  unfinished: number;
  /** Orders for which a run was started. */
  continued: number;
}

/**
 * Finds the orders that are unfinished in Directus and that no open run carries (it was terminated, lost, or is gone
 * with Temporal's retention), and starts a run for each. Two sweeps at once do no harm: an order has one open run.
 */
export async function orderSweep({ older_than_ms, so_far }: OrderSweep): Promise<OrderSweepResult> {
  const created_before = so_far?.created_before ?? new Date(Date.now() - older_than_ms).toISOString();
  let { seen, continued } = so_far ?? { seen: 0, continued: 0 };
  for (let pages = 0; pages < PAGES_A_RUN; pages += 1) {
    const page = await continueLostOrders({ created_before, skip: seen });
    seen += page.unfinished;
    continued += page.continued;
    if (page.is_last) return { unfinished: seen, continued };
  }
  return await continueAsNew<typeof orderSweep>({ older_than_ms, so_far: { created_before, seen, continued } });
}
