import { randomUUID } from 'node:crypto';
import { connectionRefused, connectionReset, createLateRequests } from './doubtful-requests.ts';

/** With these outcomes RideNDine makes nothing, and the caller can know that. */
export const provenNothing = ['notSent', 'limited', 'unauthorized', 'redirected', 'refused', 'notFound'] as const;

/**
 * What happens to one call to RideNDine. With `lost`, `late`, `madeThen500`, `garbage`, `seeOther` and `diesAfter` the
 * order is made and the caller does not learn its ids. With every other outcome except `ok`, nothing is made.
 */
export const partnerOutcomes = [
  'ok',
  ...provenNothing,
  'noApi',
  'unavailable',
  'inProgress',
  'reset',
  'lost',
  'late',
  'madeThen500',
  'garbage',
  'seeOther',
  'diesBefore',
  'diesAfter',
] as const;
export type PartnerOutcome = (typeof partnerOutcomes)[number];

export interface PartnerCall {
  key: string;
  body: string;
  at: number;
  outcome: PartnerOutcome;
}

export interface PartnerOrder {
  key: string;
  body: string;
  at: number;
  ridendine_order_id: string;
  payment_session_id: string;
}

export interface RideNDineModel {
  fetch: typeof globalThis.fetch;
  calls: PartnerCall[];
  orders: PartnerOrder[];
  settled(): Promise<void>;
}

/**
 * RideNDine's POST /orders/create in memory. A key stands for the body that it first came with, until RideNDine forgets
 * the key. After that, the same call makes a second order. The sandbox refuses that call: the model is stricter on
 * purpose. `test/search/models.test.ts` compares the model with the sandbox.
 *
 * @param die ends the attempt that makes the call, as if its worker were gone.
 */
export function createRideNDineModel({
  outcomeOf,
  die,
  remembersMs,
}: {
  outcomeOf: () => PartnerOutcome;
  die: () => Promise<never>;
  /** How long a key is remembered. */
  remembersMs: number;
}): RideNDineModel {
  const calls: PartnerCall[] = [];
  const orders: PartnerOrder[] = [];
  const late = createLateRequests();

  function accept(key: string, body: string): Response {
    const known = orders.find((order) => order.key === key && Date.now() - order.at < remembersMs);
    if (known && known.body !== body) return problem(409, 'idempotency-key-reused');
    const { ridendine_order_id, payment_session_id } = known ?? make(key, body);
    return Response.json({ ridendine_order_id, payment_session_id }, { status: 201 });
  }

  function make(key: string, body: string): PartnerOrder {
    const order = {
      key,
      body,
      at: Date.now(),
      ridendine_order_id: `rnd_${randomUUID()}`,
      payment_session_id: `ps_${randomUUID()}`,
    };
    orders.push(order);
    return order;
  }

  return {
    calls,
    orders,
    async fetch(input, init) {
      const request = new Request(input, init);
      const key = request.headers.get('idempotency-key') ?? '';
      const body = await request.text();
      const outcome = outcomeOf();
      calls.push({ key, body, at: Date.now(), outcome });
      switch (outcome) {
        case 'ok':
          return accept(key, body);
        case 'notSent':
          throw connectionRefused();
        case 'limited':
          return problem(429, 'too-many-requests', { 'retry-after': '1' });
        case 'unauthorized':
          return problem(401, 'unauthorized');
        case 'redirected':
          return new Response(null, { status: 307, headers: { location: 'https://elsewhere.invalid/' } });
        case 'seeOther':
          accept(key, body);
          return new Response(null, { status: 303, headers: { location: 'https://elsewhere.invalid/' } });
        case 'refused':
          return problem(422, 'order-invalid');
        case 'notFound':
          return problem(404, 'merchant-unknown');
        case 'noApi':
          return new Response('<h1>Not found</h1>', { status: 404, headers: { 'content-type': 'text/html' } });
        case 'unavailable':
          return problem(503, 'unavailable');
        case 'inProgress':
          return problem(409, 'request-in-progress');
        case 'reset':
          throw connectionReset();
        case 'lost':
          accept(key, body);
          throw connectionReset();
        case 'late':
          late.begin(() => accept(key, body));
          throw connectionReset();
        case 'madeThen500':
          accept(key, body);
          return problem(500, 'internal');
        case 'garbage':
          accept(key, body);
          return Response.json({ accepted: true }, { status: 201 });
        case 'diesBefore':
          return await die();
        case 'diesAfter':
          accept(key, body);
          return await die();
      }
    },
    settled: () => late.settled(),
  };
}

function problem(status: number, name: string, headers: Record<string, string> = {}): Response {
  return Response.json({ type: `urn:ridendine:${name}`, status }, { status, headers });
}
