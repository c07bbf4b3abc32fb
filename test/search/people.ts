import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError, WorkflowUpdateFailedError, isGrpcServiceError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { CANCEL_ORDER_UPDATE, DECISION_REFUSED, RESOLVE_REVIEW_UPDATE } from '../../src/contract/updates.ts';
import type { LinkIds } from '../../src/domain/order.ts';
import type { Row } from './directus-model.ts';
import { orderFields } from '../../src/integrations/directus/collections.ts';
import { isLinked, isQuoteOfAnotherOrder, keyOf, madeFor, rowOf } from './observations.ts';
import type { Observations, SupportRequest } from './observations.ts';
import { ifItCan } from './if-it-can.ts';
import type { Runs } from './runs.ts';
import type { Decision } from './schedule.ts';

/** Support staff, and others who change orders in Directus. Requests to runs and their answers are recorded. */
export interface People {
  cancel(key: number, by: 'update' | 'temporal'): Promise<void>;
  decide(key: number, decision: Decision): Promise<void>;
  /** Decides every review by what RideNDine really has, and by who has the quote. @returns the number of reviews. */
  decideTruly(): Promise<number>;
  /** A later phase takes on the order, if the order is linked. */
  pay(key: number): void;
  editNote(key: number): void;
  /** If RideNDine has the order and the order has no ids, a person types RideNDine's ids into it. */
  writeLink(key: number): void;
}

const by = (key: number) => ({ actor: `agent ${key}`, reason: 'A ticket.' });

/** The longest time that a person waits for the result of a request. */
const PATIENCE_MS = 40_000;
const LOOK_AGAIN_MS = 1000;

export function createPeople(temporal: Client, runs: Runs, { world, requests, paid }: Observations): People {
  async function tell(
    key: number,
    what: SupportRequest['what'],
    updateName: string,
    told: object,
  ): Promise<SupportRequest> {
    const id = randomUUID();
    const ids = linkIn(told);
    const request: SupportRequest = {
      key,
      id,
      what,
      ...(ids && { ids }),
      from: Date.now(),
      to: Date.now(),
      accepted: undefined,
      reply: '',
    };
    requests.push(request);
    try {
      const said: unknown = await temporal.withDeadline(Date.now() + PATIENCE_MS, () =>
        runs.handleOf(key).executeUpdate(updateName, { args: [told], updateId: id }),
      );
      request.accepted = true;
      request.reply = typeof said === 'string' ? said : '';
    } catch (error) {
      if (isRefusal(error)) request.accepted = false;
      request.reply = error instanceof WorkflowUpdateFailedError ? String(error.cause?.message) : withCause(error);
    }
    request.to = Date.now();
    return request;
  }

  /** Decides, and decides again while an earlier decision is being carried out. */
  async function decideInTurn(key: number, decision: Decision): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const { reply } = await decide(key, decision);
      if (!reply.includes('Another decision is being carried out') || Date.now() > until) return;
      await delay(LOOK_AGAIN_MS);
    }
  }

  function input(key: number, decision: Decision): object {
    switch (decision) {
      case 'retry':
      case 'abandon':
        return { decision, ...by(key) };
      case 'linkTrue':
        return { ...link(key, idsToKeep(rowOf(world, key))), ids_checked: true };
      case 'linkInvented':
        return { ...link(key, inventedIds()), ids_checked: true };
      case 'linkUnchecked':
        return link(key, { ...inventedIds(), ridendine_order_id: randomUUID() });
      case 'linkOfAnother':
        return {
          ...link(
            key,
            world.ridendine.orders.find((order) => order.key !== keyOf(rowOf(world, key))),
          ),
          ids_checked: true,
        };
      case 'malformed':
        return { decison: 'retry', ...by(key) };
    }
  }

  /** The order's ids, else those that RideNDine has for it. If RideNDine has made two orders, people keep one. */
  const idsToKeep = (row: Row | undefined): LinkIds | undefined =>
    row && isLinked(row)
      ? {
          ridendine_order_id: String(row[orderFields.ridendineOrderId]),
          payment_session_id: String(row[orderFields.paymentSessionId]),
        }
      : madeFor(world, row)[0];

  const decide = (key: number, decision: Decision) => tell(key, decision, RESOLVE_REVIEW_UPDATE, input(key, decision));

  return {
    async decide(key, decision) {
      await decide(key, decision);
    },
    async cancel(key, how) {
      if (how === 'update') {
        await tell(key, 'cancel', CANCEL_ORDER_UPDATE, by(key));
        return;
      }
      const now = Date.now();
      const request: SupportRequest = {
        key,
        id: '',
        what: 'request cancellation',
        from: now,
        to: now,
        accepted: undefined,
        reply: '',
      };
      requests.push(request);
      request.accepted = await ifItCan(() => runs.handleOf(key).cancel());
      request.to = Date.now();
    },
    async decideTruly() {
      let decided = 0;
      for (const key of world.keys.keys()) {
        if (!(await runs.isInReview(key))) continue;
        const row = rowOf(world, key);
        await decideInTurn(key, idsToKeep(row) && !isQuoteOfAnotherOrder(world, row) ? 'linkTrue' : 'abandon');
        decided += 1;
      }
      return decided;
    },
    pay(key) {
      const row = rowOf(world, key);
      if (!row || !isLinked(row) || row[orderFields.status] !== 'PENDING_PAYMENT') return;
      paid.add(key);
      world.directus.change(row, {
        [orderFields.status]: 'CONFIRMED',
        [orderFields.paymentStatus]: 'PAID',
      });
    },
    writeLink(key) {
      const row = rowOf(world, key);
      const [made] = madeFor(world, row);
      if (!row || !made || isLinked(row)) return;
      world.directus.change(row, {
        [orderFields.ridendineOrderId]: made.ridendine_order_id,
        [orderFields.paymentSessionId]: made.payment_session_id,
      });
    },
    editNote(key) {
      const row = rowOf(world, key);
      if (row) world.directus.change(row, { [orderFields.customerNote]: 'Ring twice.' });
    },
  };
}

function withCause(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${String(error)}${cause}`;
}

/** Failed precondition: https://grpc.io/docs/guides/status-codes/ */
const NO_UPDATE_NOW = new Set<number>([9]);

function isRefusal(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true;
  // After a worker has died in a local attempt, the server takes no update until another worker has repeated the task.
  if (error instanceof Error && isGrpcServiceError(error.cause) && NO_UPDATE_NOW.has(error.cause.code)) return true;
  return (
    error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === DECISION_REFUSED
  );
}

function inventedIds(): LinkIds {
  return { ridendine_order_id: `rnd_${randomUUID()}`, payment_session_id: `ps_${randomUUID()}` };
}

function linkIn(told: object): LinkIds | undefined {
  return 'ridendine_order_id' in told ? (told as LinkIds) : undefined;
}

function link(key: number, ids: LinkIds | undefined) {
  return {
    decision: 'link',
    ...by(key),
    ridendine_order_id: ids?.ridendine_order_id ?? '',
    payment_session_id: ids?.payment_session_id ?? '',
  };
}
