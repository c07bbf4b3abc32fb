import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { OrderWorkers } from './order-workers.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** Histogram buckets: an order usually takes 0.1 s, and a request waits for its order for at most 60 s. */
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30, 60];

/** What came of a request. `abandoned`: the caller was gone before the answer. */
type Outcome = 'created' | 'accepted' | 'ok' | 'refused' | 'failed' | 'abandoned';

export interface AnsweredRequest {
  /** The route's pattern, never the address. */
  route: string | undefined;
  /** The caller's name in our settings; empty if the request carried no known key. */
  caller: string;
  status: number;
  /** `code` of the problem document, if the answer was one. */
  code: string | undefined;
  seconds: number;
  abandoned: boolean;
}

export interface GatewayMetrics {
  registry: Registry;
  observe(request: AnsweredRequest): void;
}

/** The gateway's metrics. Label values come only from our tables and settings, never from what a caller sends. */
export function createMetrics({ waiting, workers }: { waiting: WaitingRoom; workers: OrderWorkers }): GatewayMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const labelNames = ['route', 'outcome', 'code'] as const;
  const requests = new Counter({
    name: 'cooco_gateway_requests_total',
    help: 'Requests; caller is the name of the key, code that of the problem.',
    labelNames: [...labelNames, 'caller'],
    registers,
  });
  const durations = new Histogram({
    name: 'cooco_gateway_request_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames,
    buckets: SECONDS,
    registers,
  });
  const paymentSessions = new Histogram({
    name: 'cooco_gateway_payment_session_seconds',
    help: 'Time from the request that began an order to the answer with its payment session.',
    buckets: SECONDS,
    registers,
  });
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  gauge('cooco_gateway_waiting_requests', 'Requests that wait for their orders.', () => waiting.waiting);
  gauge('cooco_gateway_temporal_reachable', '1 if Temporal answers, else 0.', async () =>
    Number.isNaN(await countOrNaN(workers)) ? 0 : 1,
  );
  gauge(
    'cooco_gateway_order_workers',
    'Workers that recently asked for orders, of the build with fewest; NaN without Temporal.',
    () => countOrNaN(workers),
  );
  return {
    registry,
    observe(request) {
      const outcome = outcomeOf(request);
      const labels = { route: request.route ?? 'none', outcome, code: request.code ?? 'none' };
      requests.inc({ ...labels, caller: request.caller || 'none' });
      durations.observe(labels, request.seconds);
      if (outcome === 'created') paymentSessions.observe(request.seconds);
    },
  };
}

function countOrNaN(workers: OrderWorkers): Promise<number> {
  return workers.count().catch(() => Number.NaN);
}

function outcomeOf({ status, abandoned }: AnsweredRequest): Outcome {
  if (abandoned) return 'abandoned';
  if (status === 201) return 'created';
  if (status === 202) return 'accepted';
  if (status >= 500) return 'failed';
  return status >= 400 ? 'refused' : 'ok';
}
