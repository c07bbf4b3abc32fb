import { OrderFailedError } from '../client/index.ts';
import type { CheckoutRequestInput, CreateOrderOutcome } from '../client/index.ts';
import type { OrderCreationStage } from '../domain/order-creation.ts';
import { inTime } from './in-time.ts';
import type { CreateOrderOptions, Orders } from './orders.ts';

/** Stages after which nothing more happens, though Temporal may close the run a moment later. */
const lastStages = new Set<OrderCreationStage>(['LINKED', 'FAILED', 'CANCELLED']);

/** Of this, and of the moment before it, a gateway that is told to stop has 5 s (see `stopInOrder`). */
const LAST_LOOK_MS = 3_000;

/**
 * Creates the order, or joins its creation, and waits for it until the time is over or the signal is aborted. Then the
 * outcome is what is known by now: an order that is done is never answered as one in progress.
 *
 * @throws what `Orders.createOrder` throws.
 */
export async function awaitOrder(
  orders: Orders,
  input: CheckoutRequestInput,
  { signal, ...options }: CreateOrderOptions & { signal: AbortSignal },
): Promise<CreateOrderOutcome> {
  const known =
    (await outcomeUnlessAborted(() => orders.createOrder(input, { ...options, signal }), signal)) ??
    // Not `getOrder`: whether the order was begun, and whether the key is that of this very checkout, may not be known yet.
    (await inTime(orders.createOrder(input, { ...options, timeoutMs: 0 }), LAST_LOOK_MS));
  if (known.state === 'SUCCEEDED' || !lastStages.has(known.stage)) return known;

  const view = await orders.getOrder(input.idempotency_key);
  if (view.state === 'FAILED') throw new OrderFailedError(view.failure.code, view.failure.detail);
  // Who began it is not known any more, and the customer has the ids either way.
  return view.state === 'SUCCEEDED' ? { ...view, replayed: true } : view;
}

async function outcomeUnlessAborted(
  create: () => Promise<CreateOrderOutcome>,
  signal: AbortSignal,
): Promise<CreateOrderOutcome | undefined> {
  if (signal.aborted) return undefined;
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  return Promise.race([create(), aborted]).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return undefined;
  });
}
