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
/** What an order waits for that somebody else has to end: the order is not late for it. */
export const CALLS_PAUSED =
  'calls to RideNDine are paused; "npm run ridendine -- resume", in another terminal, resumes them';
/** After that it is worth telling what the order waits for. */
const FIRST_WAIT_S = 5;

const idsSchema = z.object({ order_id: z.string(), ridendine_order_id: z.string(), payment_session_id: z.string() });
const viewSchema = z.object({ state: z.string().optional(), stage: z.string().optional() });

export type PlacedOrder = z.output<typeof idsSchema> & {
  key: string;
  /** From the request to the answer with the ids. */
  elapsedMs: number;
};

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
  const { gatewayUrl, gatewayKey, checkout, whatHoldsUp, doing } = options;
  const key = randomUUID();
  const startedAt = performance.now();
  let lateFrom = startedAt;
  const send = (path: string, headers: Record<string, string>, init: RequestInit = {}) =>
    fetch(`${gatewayUrl}/v1/orders${path}`, {
      ...init,
      headers: { authorization: `Bearer ${gatewayKey}`, ...headers },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  let answer = await send(
    '',
    { 'content-type': 'application/json', 'idempotency-key': key, prefer: `wait=${FIRST_WAIT_S}` },
    { method: 'POST', body: JSON.stringify(checkout) },
  );
  for (;;) {
    const body: unknown = await answer.json();
    if (!answer.ok) {
      throw new Error(`The order was refused: the gateway answered ${answer.status} ${JSON.stringify(body)}.`);
    }
    const { state, stage } = viewSchema.parse(body);
    if (answer.status === 201 || state === 'SUCCEEDED') {
      return { ...idsSchema.parse(body), key, elapsedMs: performance.now() - startedAt };
    }
    const reason = await whatHoldsUp(key);
    if (reason === CALLS_PAUSED) lateFrom = performance.now();
    const isLate = performance.now() - lateFrom > ORDER_TIMEOUT_MS;
    if (state === 'FAILED' || stage === 'NEEDS_REVIEW' || isLate) {
      throw new Error(`The order with key ${key} did not get through: ${reason ?? JSON.stringify(body)}`);
    }
    if (reason !== undefined) doing(reason);
    await delay(ASK_AGAIN_MS);
    answer = await send(`/${key}`, {});
  }
}

/** What a run waits for, as one line for a person: a step that is tried in vain, and why, or {@link CALLS_PAUSED}. */
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
  if (pendingActivities.some(({ activityType }) => activityType?.name === 'waitWhilePaused')) return CALLS_PAUSED;
  const failing = pendingActivities.find(({ lastFailure }) => lastFailure);
  if (!failing?.lastFailure) return undefined;
  const { activityType, attempt, lastFailure } = failing;
  const reason = await failureReason(lastFailure, createEncryptionCodec(parseEncryptionKeys(encryptionKeys)));
  return `${activityType?.name ?? 'a step'}, attempt ${attempt ?? 1}: ${reason}`;
}
