import { randomUUID } from 'node:crypto';
import { waitWhilePausedWith } from '../../src/activities/partner-pause.ts';
import { createRideNDineOrderWith } from '../../src/activities/create-ridendine-order.ts';
import type {
  OrderCreationActivities,
  OrderMark,
  OrderRecord,
} from '../../src/activities/order-creation-activities.ts';
import { currentRunId } from '../../src/activities/current-run.ts';
import type { LinkCorrectionActivities } from '../../src/activities/correct-link.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { deriveOrderId } from '../../src/domain/order-ids.ts';
import type { LinkIds } from '../../src/domain/order.ts';
import type { PartnerPause } from '../../src/domain/partner-pause.ts';
import type { SupportAction } from '../../src/domain/support-action.ts';
import { personalData } from './personal-data.ts';
import { requestFingerprint } from '../../src/domain/request-fingerprint.ts';
import type { PartnerError } from '../../src/integrations/partner.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The activities of an order and of the correction of its link. */
export type ScriptedActivities = OrderCreationActivities & LinkCorrectionActivities;

/** The activities of one checkout, with a scripted Directus and RideNDine, and a record of their calls. */
export interface Scenario {
  request: CheckoutRequest;
  activities: ScriptedActivities;
  orderId: string;
  storeId: string;
  link: LinkIds;
  /** The names of the called activities, in the sequence of the calls. */
  calls: string[];
  marks: OrderMark[];
  /** The support action of each call of `cancelCheckout`. */
  cancelled: (SupportAction | undefined)[];
  /** The bodies that RideNDine received, one for each call. */
  sent: string[];
}

export interface ScenarioOptions {
  request: CheckoutRequest;
  /** The time of the Temporal server. With time-skipping it is ahead of this machine's clock. */
  nowMs: number;
  /** RideNDine's answers: an error, or `undefined` for the ids. The last one answers all further calls too. */
  ridendine?: (PartnerError | undefined)[];
  /** When the quote expires, in milliseconds from now. */
  quoteExpiresInMs?: number;
  /** How long RideNDine's idempotency key may be used, in milliseconds from now. */
  keyLivesMs?: number;
  reviewWindowMs?: number;
  /** Tells whether calls to RideNDine are paused. Default: never. */
  pause?: () => PartnerPause | null;
  override?: Partial<ScriptedActivities>;
}

/**
 * Makes activities with a scripted Directus and RideNDine, since real ones cannot follow a clock that skips hours.
 * `createRideNDineOrder` is the real activity, because the tests check what it carries from attempt to attempt.
 */
export function createScenario({
  request,
  nowMs,
  ridendine = [undefined],
  quoteExpiresInMs = HOUR_MS,
  keyLivesMs = 23 * HOUR_MS,
  reviewWindowMs = 7 * 24 * HOUR_MS,
  pause = () => null,
  override = {},
}: ScenarioOptions): Scenario {
  const { phone, email, address } = personalData;
  const orderId = deriveOrderId(request.idempotency_key);
  const storeId = randomUUID();
  const link = { ridendine_order_id: `rnd_${randomUUID()}`, payment_session_id: `ps_${randomUUID()}` };
  const calls: string[] = [];
  const marks: OrderMark[] = [];
  const cancelled: (SupportAction | undefined)[] = [];
  const sent: string[] = [];
  const record: OrderRecord = {
    // Set in `createOrderRecord` below, where the run is known.
    run_id: '',
    order_id: orderId,
    review: null,
    ridendine_request: JSON.stringify({
      customer: { name: personalData.name, phone, email },
      fulfillment: { address },
    }),
    maybe_sent_before: false,
    not_sent_deadline: new Date(nowMs + quoteExpiresInMs + 5 * MINUTE_MS).toISOString(),
    key_deadline: new Date(nowMs + keyLivesMs).toISOString(),
    attempt_timeout_ms: 12_000,
    review_window_ms: reviewWindowMs,
  };
  const steps: ScriptedActivities = {
    async validateCheckout() {
      return {
        kind: 'new',
        request_fingerprint: 'fingerprint',
        run_id: currentRunId(),
        order_id: orderId,
        checkout: {
          quote_id: request.quote_id,
          quote_expires_at: new Date(nowMs + quoteExpiresInMs).toISOString(),
          store_id: storeId,
          merchant_id: 'merchant-1',
          customer: { id: request.customer_id, name: personalData.name, phone, email },
          fulfillment: { type: 'PICKUP' },
          items: [{ menu_item_id: 'item-1', name: 'Soup', quantity: 1, unit_price: 900 }],
          totals: { currency: 'USD', total: 900 },
        },
      };
    },
    async createOrderRecord() {
      return { ...record, run_id: currentRunId() };
    },
    createRideNDineOrder: createRideNDineOrderWith({
      // Only a run that was reset calls this.
      orders: { findOrderById: async () => null },
      pause,
      partner: {
        async createOrder({ body }) {
          const answer = ridendine[Math.min(sent.length, ridendine.length - 1)];
          sent.push(body);
          if (answer) throw answer;
          return link;
        },
      },
    }),
    waitWhilePaused: waitWhilePausedWith({ pause }),
    async saveLinkIds({ order_id, link: ids }) {
      return { order_id, ...ids, status: 'PENDING_PAYMENT', payment_status: 'PENDING' };
    },
    async markOrder(mark) {
      marks.push(mark);
      return { kind: 'marked', link: null };
    },
    async cancelCheckout({ support_action }) {
      cancelled.push(support_action);
      return { kind: 'cancelled', request_fingerprint: 'fingerprint', run_id: currentRunId(), order_id: orderId };
    },
    async correctLink({ ridendine_order_id, payment_session_id }) {
      return {
        result: { order_id: orderId, ridendine_order_id, payment_session_id, status: 'PAID', payment_status: 'PAID' },
        request_fingerprint: requestFingerprint(request),
        quote_id: request.quote_id,
        customer_id: request.customer_id,
        store_id: storeId,
      };
    },
    async stopPartnerAttempts() {
      throw new Error('This scenario has no Temporal that pauses: override stopPartnerAttempts.');
    },
    async requestCancellation() {
      throw new Error('This scenario has no Temporal to ask: override requestCancellation.');
    },
    ...override,
  };
  const recorded = Object.fromEntries(
    Object.entries(steps).map(([name, step]) => [
      name,
      (input: never) => {
        calls.push(name);
        return (step as (value: never) => unknown)(input);
      },
    ]),
  ) as unknown as ScriptedActivities;
  return { request, activities: recorded, orderId, storeId, link, calls, marks, cancelled, sent };
}
