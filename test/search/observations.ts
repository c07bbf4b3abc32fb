import { orderFields } from '../../src/integrations/directus/collections.ts';
import { ridendineIdempotencyKey } from '../../src/integrations/ridendine/order-body.ts';
import type { LinkIds } from '../../src/domain/order.ts';
import type { Row } from './directus-model.ts';
import type { PartnerCall, PartnerOrder } from './ridendine-model.ts';
import type { Decision } from './schedule.ts';
import type { World } from './world.ts';

/** What a caller was told, and about which checkout. Times are in milliseconds since 1970. */
export interface Answer {
  key: number;
  quote: number;
  payload: number;
  from: number;
  to: number;
  /** Whether the caller looked up the order. A look-up knows only the key. */
  isLookUp: boolean;
  said:
    | { kind: 'succeeded'; orderId: string; ridendineOrderId: string; paymentSessionId: string; replayed: boolean }
    | { kind: 'failed'; code: string }
    | {
        kind: 'in progress';
        stage: string;
        orderId: string | undefined;
        ridendineOrderId: string | undefined;
        paymentSessionId: string | undefined;
      }
    | { kind: 'error'; code: string };
}

/** What a person asked a run to do, and what the run answered. */
export interface SupportRequest {
  key: number;
  /** The id under which the order records the request. */
  id: string;
  what: Decision | 'cancel' | 'request cancellation';
  /** The ids that a decision to link gave. */
  ids?: LinkIds;
  from: number;
  to: number;
  /** For a request to cancel: when the run learned of it, according to its history. `undefined` if it never did. */
  learned?: number | undefined;
  /** `undefined` while the run has not answered. */
  accepted: boolean | undefined;
  reply: string;
}

export function isToCancel({ what }: SupportRequest): boolean {
  return what === 'cancel' || what === 'request cancellation';
}

/** Everything that was seen while a schedule ran. The sets contain the numbers of keys. */
export interface Observations {
  world: World;
  answers: Answer[];
  /** The key of each checkout that has no answer yet. */
  unanswered: number[];
  requests: SupportRequest[];
  reset: Set<number>;
  deleted: Set<number>;
  terminated: Set<number>;
  paid: Set<number>;
  /** Whether a sweep has run. */
  isSwept: boolean;
  /** Sentences about runs that neither ended nor waited for people in the end, and about unexpected errors. */
  stuck: string[];
}

export function newObservations(world: World): Observations {
  return {
    world,
    answers: [],
    unanswered: [],
    requests: [],
    reset: new Set(),
    deleted: new Set(),
    terminated: new Set(),
    paid: new Set(),
    isSwept: false,
    stuck: [],
  };
}

/** Whether the key's run was taken away, so that another one goes on with the order. */
export function isTakenOver(
  { reset, terminated, deleted }: Pick<Observations, 'reset' | 'terminated' | 'deleted'>,
  key: number,
): boolean {
  return reset.has(key) || terminated.has(key) || deleted.has(key);
}

/** The order of a key in Directus. */
export function rowOf(world: World, key: number): Row | undefined {
  return world.directus.orders().find((row) => row[orderFields.idempotencyKey] === world.keys[key]);
}

/** The orders that RideNDine has made for an order of ours. */
export function madeFor({ ridendine }: World, row: Row | undefined): PartnerOrder[] {
  return row ? ridendine.orders.filter(isFor(row)) : [];
}

/** The calls to RideNDine for an order, the first one first. */
export function callsFor({ ridendine }: World, row: Row): PartnerCall[] {
  return ridendine.calls.filter(isFor(row));
}

function isFor(row: Row): (one: { key: string }) => boolean {
  const idempotencyKey = keyOf(row);
  return ({ key }) => key === idempotencyKey;
}

/** The key by which RideNDine knows an order. */
export function keyOf(row: Row | undefined): string | undefined {
  return row && ridendineIdempotencyKey(String(row[orderFields.id]));
}

/** Whether another live order was made from the quote of an order. */
export function isQuoteOfAnotherOrder({ directus }: World, row: Row | undefined): boolean {
  const quote = row?.[orderFields.quoteId];
  return directus.orders().some((other) => other !== row && other[orderFields.activeQuoteId] === quote);
}

export function isLinked(row: Row | undefined): boolean {
  return row?.[orderFields.ridendineOrderId] != null;
}
