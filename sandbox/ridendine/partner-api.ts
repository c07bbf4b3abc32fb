import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type CredentialCheck, unauthorized } from './credential.ts';
import { answerOf, strike } from './fault-strike.ts';
import { type FaultPlan, strikesAfterStoring } from './faults.ts';
import { acceptOrder, parseJson } from './order-acceptance.ts';
import type { AttemptOutcome, AttemptReceipt, OrderStore, StoredOrder } from './order-store.ts';
import { sendProblem } from './problem.ts';

export interface PartnerApiOptions {
  store: OrderStore;
  faults: FaultPlan;
  isAuthorized: CredentialCheck;
  /** Aborted when the sandbox stops: a call that a latency fault holds then ends, and its order is not stored. */
  stopping: AbortSignal;
}

/**
 * Registers RideNDine's own endpoint, POST /orders/create (docs/requirements.md, steps 3.3 and 3.4). A call is stored
 * when it arrives. Its outcome is stored together with the order, before the caller can see either. So the stored
 * attempts are true whenever the process dies.
 */
export function registerPartnerApi(
  app: FastifyInstance,
  { store, faults, isAuthorized, stopping }: PartnerApiOptions,
): void {
  app.post('/orders/create', async (request, reply) => {
    const receipt = readReceipt(request);
    const attempt = store.recordAttempt(receipt);
    const { traceparent } = request.headers;

    function conclude(outcome: Omit<AttemptOutcome, 'ridendine_order_id'>, order?: StoredOrder): void {
      const ridendine_order_id = order?.ridendine_order_id ?? null;
      store.concludeAttempt(attempt, { ...outcome, ridendine_order_id });
      const { answer, effect, fault } = outcome;
      request.log = request.log.child({ attempt, answer, effect, fault, ridendine_order_id, traceparent });
    }

    if (!isAuthorized(request.headers.authorization)) {
      conclude({ answer: 'response', status: unauthorized.status, effect: 'none', fault: null });
      return sendProblem(reply.header('www-authenticate', 'Bearer realm="ridendine-sandbox"'), unauthorized);
    }

    const planned = faults.match(receipt);
    const fault = planned?.fault;
    if (planned && fault && !strikesAfterStoring(fault)) {
      faults.use(planned);
      if (fault.kind !== 'latency') {
        conclude({ ...answerOf(fault), effect: 'none', fault: fault.kind });
        return strike(fault, reply);
      }
      try {
        await wait(fault.ms, undefined, { signal: stopping });
      } catch {
        return reply.hijack();
      }
    }

    // From here to the answer nothing waits, so no other call can use up the fault that was matched above.
    const faultAfter = fault && fault.kind !== 'latency' ? fault : undefined;
    const waited = fault?.kind === 'latency' ? fault.kind : null;
    const verdict = store.atomically(() => {
      const result = acceptOrder(store, receipt);
      if (result.effect === 'none') {
        conclude({ answer: 'response', status: result.problem.status, effect: 'none', fault: waited });
      } else if (faultAfter) {
        conclude({ ...answerOf(faultAfter), effect: result.effect, fault: faultAfter.kind }, result.order);
      } else {
        conclude({ answer: 'response', status: 201, effect: result.effect, fault: waited }, result.order);
      }
      return result;
    });

    if (verdict.effect === 'none') return sendProblem(reply, verdict.problem);
    if (planned && faultAfter) {
      faults.use(planned);
      return strike(faultAfter, reply, verdict.order);
    }
    if (verdict.effect === 'replayed') reply.header('idempotent-replayed', 'true');
    const { ridendine_order_id, payment_session_id } = verdict.order;
    return reply.code(201).send({ ridendine_order_id, payment_session_id });
  });
}

function readReceipt({ headers, body }: FastifyRequest): AttemptReceipt {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const json = parseJson(bytes);
  return {
    idempotency_key: headers['idempotency-key']?.toString() ?? null,
    content_type: headers['content-type'] ?? null,
    external_order_id: textMember(json, 'external_order_id'),
    quote_id: textMember(json, 'quote_id'),
    body: bytes,
  };
}

function textMember(json: unknown, name: string): string | null {
  const value: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined;
  return typeof value === 'string' ? value : null;
}
