import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Logger, MetricMeter } from '@temporalio/common';
import { setGauge } from '../telemetry/metrics.ts';
import { DirectusError } from '../integrations/directus/errors.ts';
import type { OrdersStore, WaitingOrders } from '../integrations/directus/orders-store.ts';

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
    let waiting: WaitingOrders | undefined;
    let reason: string | undefined;
    try {
      waiting = await orders.countWaitingOrders();
    } catch (error) {
      // Missing numbers must not end a worker that makes orders. The message of any other error may repeat a value, so
      // only the error's type is told.
      reason = error instanceof DirectusError ? error.message : Object(error).constructor.name;
    }
    if (isStopped) return;
    setGauge(meter, 'ordersReadable', waiting ? 1 : 0);
    setGauge(meter, 'ordersInReview', waiting?.inReview ?? NaN);
    setGauge(meter, 'oldestOrderInReview', ageSeconds(waiting?.oldestInReview));
    setGauge(meter, 'ordersUnlinked', waiting?.unlinked ?? NaN);
    setGauge(meter, 'oldestUnlinkedOrder', ageSeconds(waiting?.oldestUnlinked));
    // One line for each outage of Directus. What an outage does to each order is in the log lines of its steps.
    if (reason !== undefined && wasReadable) logger.warn(`The waiting orders cannot be counted: ${reason}`);
    wasReadable = reason === undefined;
    timer = setTimeout(() => void report(), intervalMs);
  };
  void report();

  return () => {
    isStopped = true;
    clearTimeout(timer);
    delay.disable();
  };
}

/**
 * `undefined`: the date is not known. Never negative: Directus dates the order, and the clock of Directus may be a
 * little ahead of ours.
 */
function ageSeconds(date: Date | null | undefined): number {
  if (date === undefined) return NaN;
  return date === null ? 0 : Math.max(0, Date.now() - date.getTime()) / 1000;
}
