import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Logger, MetricMeter } from '@temporalio/common';
import { setGauge } from '../telemetry/metrics.ts';
import type { WorkerGauge } from '../telemetry/metrics.ts';
import { DirectusError } from '../integrations/directus/errors.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';

/** As often as Prometheus usually asks. Every worker does it, so it is one cheap query. */
const INTERVAL_MS = 15_000;

/**
 * Sees to it that the metrics tell how many orders wait in Directus, and how the process does. While Directus cannot be
 * read nothing is known: the old numbers are taken back (NaN), and `cooco_orders_readable` says why. No order waits for
 * any of it.
 *
 * @returns how to end it.
 */
export function reportWaitingOrders(options: {
  orders: Pick<OrdersStore, 'countWaitingOrders'>;
  meter: MetricMeter;
  logger: Logger;
  intervalMs?: number;
}): () => void {
  const { orders, meter, logger, intervalMs = INTERVAL_MS } = options;
  const delay = monitorEventLoopDelay();
  delay.enable();
  let wasReadable = true;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  const report = async () => {
    setGauge(meter, 'residentMemory', process.memoryUsage.rss());
    setGauge(meter, 'eventLoopDelay', delay.percentile(99) / 1e9);
    delay.reset();
    const known = await gaugesOf(orders);
    if (isStopped) return;
    for (const [gauge, value] of known.gauges) setGauge(meter, gauge, value);
    // Once for each time that it goes away: what each order meets of it is in the lines of its steps.
    if (known.reason !== undefined && wasReadable) logger.warn(`The waiting orders cannot be counted: ${known.reason}`);
    wasReadable = known.reason === undefined;
    timer = setTimeout(() => void report(), intervalMs);
  };
  void report();

  return () => {
    isStopped = true;
    clearTimeout(timer);
    delay.disable();
  };
}

/** Never rejected, whatever the reason: the numbers are not worth an order. */
async function gaugesOf(
  orders: Pick<OrdersStore, 'countWaitingOrders'>,
): Promise<{ gauges: [WorkerGauge, number][]; reason?: string }> {
  try {
    const { inReview, oldestInReview, unlinked, oldestUnlinked } = await orders.countWaitingOrders();
    return {
      gauges: [
        ['ordersReadable', 1],
        ['ordersInReview', inReview],
        ['oldestOrderInReview', ageSeconds(oldestInReview)],
        ['ordersUnlinked', unlinked],
        ['oldestUnlinkedOrder', ageSeconds(oldestUnlinked)],
      ],
    };
  } catch (error) {
    return {
      gauges: [
        ['ordersReadable', 0],
        ['ordersInReview', Number.NaN],
        ['oldestOrderInReview', Number.NaN],
        ['ordersUnlinked', Number.NaN],
        ['oldestUnlinkedOrder', Number.NaN],
      ],
      // Of other errors the message may repeat a value.
      reason: error instanceof DirectusError ? error.message : Object(error).constructor.name,
    };
  }
}

/** Directus dates the order; its clock may be a little ahead of ours. */
function ageSeconds(date: Date | null): number {
  return date === null ? 0 : Math.max(0, Date.now() - date.getTime()) / 1000;
}
