import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Logger, MetricMeter } from '@temporalio/common';
import { setGauge } from '../telemetry/metrics.ts';
import type { WorkerGauge } from '../telemetry/metrics.ts';
import { DirectusError } from '../integrations/directus/errors.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';

/** As often as Prometheus usually reads the metrics. Every worker does this, so each count is one cheap query. */
const INTERVAL_MS = 15_000;

/**
 * Keeps the metrics about the orders that wait in Directus, and about this process, up to date. While Directus cannot
 * be read, the numbers of orders are NaN, and `cooco_orders_readable` is 0. No order waits for this.
 *
 * @returns a function that ends the updates.
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
    // One line for each outage of Directus. What an outage does to each order is in the log lines of its steps.
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

/** The promise never rejects: missing numbers must not end a worker that makes orders. */
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
      // The message of any other error may repeat a value, so only the error's type is told.
      reason: error instanceof DirectusError ? error.message : Object(error).constructor.name,
    };
  }
}

/** Never negative: Directus dates the order, and the clock of Directus may be a little ahead of ours. */
function ageSeconds(date: Date | null): number {
  return date === null ? 0 : Math.max(0, Date.now() - date.getTime()) / 1000;
}
