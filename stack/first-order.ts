import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { createEncryptionCodec } from '../src/temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../src/temporal/encryption-keys.ts';
import { failureReason } from '../src/temporal/failure-reason.ts';
import { withTemporal } from './temporal/temporal-connection.ts';

/** The first run of a worker compiles its workflows; a partner of one's own may be slow. */
const ORDER_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;
const ASK_AGAIN_MS = 500;
/** After that it is worth telling what the order waits for. */
const FIRST_WAIT_S = 5;

const idsSchema = z.object({ order_id: z.string(), ridendine_order_id: z.string(), payment_session_id: z.string() });
const viewSchema = z.looseObject({
  state: z.enum(['IN_PROGRESS', 'SUCCEEDED', 'FAILED']),
  stage: z.string().optional(),
});

export interface PlacedOrder {
  key: string;
  orderId: string;
  ridendineOrderId: string;
  paymentSessionId: string;
  /** From the request to the answer with the ids. */
  elapsedMs: number;
}

/**
 * Places one order as a caller of the gateway does.
 *
 * @throws Error with one sentence if no linked order comes of it.
 */
export async function placeOrder(options: {
  gatewayUrl: string;
  gatewayKey: string;
  checkout: object;
  /** Says what holds the order with this key up, if anything does. */
  whatHoldsUp: (key: string) => Promise<string | undefined>;
  /** Told it while it lasts. */
  doing: (what: string) => void;
}): Promise<PlacedOrder> {
  const { gatewayUrl, gatewayKey, checkout } = options;
  const key = randomUUID();
  const startedAt = performance.now();
  const answer = await fetch(`${gatewayUrl}/v1/orders`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gatewayKey}`,
      'content-type': 'application/json',
      'idempotency-key': key,
      prefer: `wait=${FIRST_WAIT_S}`,
    },
    body: JSON.stringify(checkout),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const body: unknown = await answer.json();
  const ids = answer.status === 202 ? await waitForIds({ ...options, key }) : idsSchema.safeParse(body).data;
  if (ids === undefined || !answer.ok) {
    throw new Error(`The order was refused: the gateway answered ${answer.status} ${JSON.stringify(body)}.`);
  }
  return {
    key,
    orderId: ids.order_id,
    ridendineOrderId: ids.ridendine_order_id,
    paymentSessionId: ids.payment_session_id,
    elapsedMs: performance.now() - startedAt,
  };
}

async function waitForIds(options: Parameters<typeof placeOrder>[0] & { key: string }) {
  const { gatewayUrl, gatewayKey, key, whatHoldsUp, doing } = options;
  const deadline = Date.now() + ORDER_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`${gatewayUrl}/v1/orders/${key}`, {
      headers: { authorization: `Bearer ${gatewayKey}` },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const view = viewSchema.parse(await answer.json());
    if (view.state === 'SUCCEEDED') return idsSchema.parse(view);
    const isOver = view.state === 'FAILED' || view.stage === 'NEEDS_REVIEW' || Date.now() > deadline;
    const reason = await whatHoldsUp(key);
    if (isOver) throw new Error(`The order with key ${key} did not get through: ${reason ?? JSON.stringify(view)}`);
    if (reason !== undefined) doing(reason);
    await delay(ASK_AGAIN_MS);
  }
}

/** Which step of a run is being tried in vain, and why, as one line for a person; `undefined` while none fails. */
export async function pendingStep(options: {
  temporal: TemporalSettings;
  encryptionKeys: string;
  workflowId: string;
}): Promise<string | undefined> {
  const { temporal, encryptionKeys, workflowId } = options;
  const { namespace } = temporal;
  const { pendingActivities } = await withTemporal(temporal, ({ workflowService }) =>
    workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } }),
  );
  const failing = pendingActivities.find(({ lastFailure }) => lastFailure);
  if (!failing?.lastFailure) return undefined;
  const { activityType, attempt, lastFailure } = failing;
  const reason = await failureReason(lastFailure, createEncryptionCodec(parseEncryptionKeys(encryptionKeys)));
  return `${activityType?.name ?? 'a step'}, attempt ${attempt ?? 1}: ${reason}`;
}
