import { readOrderBody } from './order-body.ts';
import type { AttemptReceipt, OrderStore, StoredOrder } from './order-store.ts';
import { type Problem, problem } from './problem.ts';

/** The partner's decision on a call. A fault may still give the caller another answer. */
export type Verdict = { effect: 'stored' | 'replayed'; order: StoredOrder } | { effect: 'none'; problem: Problem };

/** Longest idempotency key, in characters. */
const KEY_LENGTH_LIMIT = 255;

/**
 * Decides on a call, and stores the order if the call is accepted. Must run in one transaction. An accepted call binds
 * its key to its bytes: the same bytes get their order again, other bytes are refused. A refused call leaves its key
 * free.
 */
export function acceptOrder(
  store: OrderStore,
  { content_type: contentType, idempotency_key: key, body }: AttemptReceipt,
): Verdict {
  if (!/^application\/json *(;|$)/i.test(contentType ?? '')) {
    return refuse('unsupported-media-type', 415, 'The body must be application/json');
  }
  if (key === null || key === '' || key.length > KEY_LENGTH_LIMIT) {
    const detail = `Send the header Idempotency-Key with 1 to ${KEY_LENGTH_LIMIT} characters.`;
    return refuse('idempotency-key-invalid', 400, 'The idempotency key is missing or too long', { detail });
  }
  const json = parseJson(body);
  if (json === undefined) return refuse('malformed-json', 400, 'The body is not JSON in UTF-8');

  // The key is checked before the body: an accepted call stays accepted, and a reused key is the graver mistake.
  const holder = store.keyHolder(key, body);
  if (holder?.sameBody) return { effect: 'replayed', order: holder.order };
  if (holder) return refuse('idempotency-key-reused', 409, 'The idempotency key was used with another body');

  const reading = readOrderBody(json);
  if (!reading.accepted) {
    return refuse('order-invalid', 422, 'The order cannot be accepted', { errors: reading.errors });
  }
  const { external_order_id, quote_id, merchant_id } = reading.body;
  const order = store.createOrder({ external_order_id, quote_id, merchant_id, idempotency_key: key, body });
  return order
    ? { effect: 'stored', order }
    : refuse('order-exists', 409, 'An order with this external_order_id exists');
}

function refuse(name: string, status: number, title: string, more: Pick<Problem, 'detail' | 'errors'> = {}): Verdict {
  return { effect: 'none', problem: problem(name, { title, status, ...more }) };
}

/** Undefined if the bytes are not JSON in valid UTF-8. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
