import { OrderFailedError, isOrderCreationError } from '../../src/client/index.ts';
import type { OrderCreationClient, OrderInProgress } from '../../src/client/index.ts';
import type { Observations, Answer } from './observations.ts';
import type { Action } from './schedule.ts';

/** How long a caller waits for the result before it takes what is known by then. */
const PATIENCE_MS = 1500;

type Checkout = Extract<Action, { do: 'checkout' }>;

/** The callers, who have a customer waiting. What they are told is recorded as an observation. */
export interface Callers {
  checkOut(checkout: Checkout): Promise<void>;
  lookUp(key: number): Promise<void>;
}

/** @param clients the clients, by the number of the encryption key with which they write. */
export function createCallers(clients: OrderCreationClient[], { world, answers, unanswered }: Observations): Callers {
  const clientWith = (keyring: number) => {
    const client = clients[keyring];
    if (!client) throw new Error(`There is no caller with keyring ${keyring}.`);
    return client;
  };
  const call = async (
    checkout: Pick<Answer, 'key' | 'quote' | 'payload' | 'isLookUp'>,
    ask: () => Promise<Answer['said']>,
  ) => {
    const from = Date.now();
    if (!checkout.isLookUp) unanswered.push(checkout.key);
    const said = await ask().catch(errorSaid);
    if (!checkout.isLookUp) unanswered.splice(unanswered.indexOf(checkout.key), 1);
    answers.push({ ...checkout, from, to: Date.now(), said });
  };
  return {
    checkOut: ({ key, quote, payload, keyring }) =>
      call({ key, quote, payload, isLookUp: false }, async () => {
        const request = world.request({ key, quote, payload });
        const outcome = await clientWith(keyring).createOrder(request, { timeoutMs: PATIENCE_MS });
        return outcome.state === 'SUCCEEDED' ? succeeded(outcome, outcome.replayed) : inProgress(outcome);
      }),
    lookUp: (key) =>
      call({ key, quote: 0, payload: 0, isLookUp: true }, async () => {
        const view = await clientWith(0).getOrder(world.keys[key] ?? '');
        switch (view.state) {
          case 'SUCCEEDED':
            return succeeded(view, true);
          case 'FAILED':
            return { kind: 'failed', code: view.failure.code };
          case 'IN_PROGRESS':
            return inProgress(view);
        }
      }),
  };
}

function succeeded(
  ids: { order_id: string; ridendine_order_id: string; payment_session_id: string },
  replayed: boolean,
): Answer['said'] {
  return {
    kind: 'succeeded',
    orderId: ids.order_id,
    ridendineOrderId: ids.ridendine_order_id,
    paymentSessionId: ids.payment_session_id,
    replayed,
  };
}

function inProgress(view: OrderInProgress): Answer['said'] {
  return {
    kind: 'in progress',
    stage: view.stage,
    orderId: view.order_id,
    ridendineOrderId: view.ridendine_order_id,
    paymentSessionId: view.payment_session_id,
  };
}

/** An error that is not one of the client library's is recorded as it is, and breaks a rule. */
function errorSaid(error: unknown): Answer['said'] {
  if (error instanceof OrderFailedError) return { kind: 'failed', code: error.code };
  if (isOrderCreationError(error)) return { kind: 'error', code: error.code };
  return { kind: 'error', code: String(error) };
}
