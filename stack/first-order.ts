import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { orderCreationWorkflowId } from '../src/contract/runs.ts';
import { createEncryptionCodec } from '../src/temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../src/temporal/encryption-keys.ts';
import { failureReason } from '../src/temporal/failure-reason.ts';
import type { Stack } from './stack.ts';
import { withTemporal } from './temporal/temporal-connection.ts';

/** Leaves time for a worker that first compiles its workflows, and for a slow RideNDine of the user's own. */
const ORDER_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;
const ASK_AGAIN_MS = 500;
/** The reason of a wait that a person must end. Time spent in this wait does not count as late. */
export const CALLS_PAUSED =
  'calls to RideNDine are paused; "npm run ridendine -- resume", in another terminal, resumes them';
/** How long the first request waits. If the order takes longer, the console shows what the order waits for. */
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
 * @param doing called with what the order waits for, as long as it waits.
 * @throws Error with one sentence if the order is refused, fails, needs a review or takes too long.
 */
export async function placeOrder(
  { urls, secrets, temporal }: Pick<Stack, 'urls' | 'secrets' | 'temporal'>,
  checkout: object,
  doing: (what: string) => void,
): Promise<PlacedOrder> {
  const key = randomUUID();
  const startedAt = performance.now();
  let lateFrom = startedAt;
  const send = (path: string, headers: Record<string, string>, init: RequestInit = {}) =>
    fetch(`${urls.gateway}/v1/orders${path}`, {
      ...init,
      headers: { authorization: `Bearer ${secrets.gatewayKey}`, ...headers },
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
    const reason = await pendingStep({ temporal, secrets }, key);
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

/** What an order waits for, as one line for a person: a step that fails, with its reason, or {@link CALLS_PAUSED}. */
export async function pendingStep(
  { temporal, secrets }: Pick<Stack, 'temporal' | 'secrets'>,
  key: string,
): Promise<string | undefined> {
  const { namespace } = temporal;
  const execution = { workflowId: orderCreationWorkflowId(key) };
  const { pendingActivities } = await withTemporal(temporal, ({ workflowService }) =>
    workflowService.describeWorkflowExecution({ namespace, execution }),
  );
  if (pendingActivities.some(({ activityType }) => activityType?.name === 'waitWhilePaused')) return CALLS_PAUSED;
  const failing = pendingActivities.find(({ lastFailure }) => lastFailure);
  if (!failing?.lastFailure) return undefined;
  const { activityType, attempt, lastFailure } = failing;
  const reason = await failureReason(lastFailure, createEncryptionCodec(parseEncryptionKeys(secrets.encryptionKeys)));
  return `${activityType?.name ?? 'a step'}, attempt ${attempt ?? 1}: ${reason}`;
}
