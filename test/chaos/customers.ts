import { setTimeout as delay } from 'node:timers/promises';
import type { OrderWorld } from '../support/order-world.ts';
import type { FinalAnswer } from './check.ts';
import type { PlannedOrder } from './planned-order.ts';
import type { SupportDesk } from './support-desk.ts';

/** Longer than the gateway holds a request open. A gateway that was killed or hangs must not block a customer. */
const REQUEST_TIMEOUT_MS = 15_000;
/** Shorter than the 2 s that the gateway asks for in Retry-After. */
const PAUSE_MS = 250;

/** The statuses after which a customer sends the same request again. */
const AGAIN = new Set([202, 503]);

export interface Customers {
  /**
   * Sends the checkout with its key until there is a final answer, whatever fails meanwhile. README.md tells the
   * gateway's callers to do the same.
   */
  send(order: PlannedOrder): Promise<FinalAnswer>;
  /** Every final answer so far. */
  answers: FinalAnswer[];
  /** How many HTTP requests were sent so far. */
  requestCount(): number;
}

/** @param options.patienceMs after this time a customer gives up; the final answer then has no status. */
export function createCustomers(options: {
  world: OrderWorld;
  supportDesk: SupportDesk;
  patienceMs: number;
}): Customers {
  const { world, supportDesk, patienceMs } = options;
  const answers: FinalAnswer[] = [];
  let requests = 0;

  async function sendUntilFinal(order: PlannedOrder): Promise<FinalAnswer> {
    const { key, checkout } = order;
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      requests += 1;
      const answer = await world
        .post(key, checkout, {}, AbortSignal.timeout(REQUEST_TIMEOUT_MS))
        .then(async (response) => ({ status: response.status, body: (await response.json()) as Body }))
        // The gateway is down, or went down before it had answered.
        .catch(() => undefined);
      if (answer !== undefined && !AGAIN.has(answer.status)) {
        const { status, body } = answer;
        return { key, status, ...(status < 300 ? { ids: body } : {}) };
      }
      if (answer?.body['stage'] === 'NEEDS_REVIEW') await supportDesk.resolve(order);
      await delay(PAUSE_MS);
    }
    return { key, status: undefined };
  }

  return {
    answers,
    requestCount: () => requests,
    async send(order) {
      const answer = await sendUntilFinal(order);
      answers.push(answer);
      return answer;
    },
  };
}

type Body = Record<string, unknown>;
