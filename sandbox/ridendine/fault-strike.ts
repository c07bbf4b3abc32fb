import type { FastifyReply } from 'fastify';
import type { Fault } from './faults.ts';
import type { AttemptOutcome, StoredOrder } from './order-store.ts';
import { problem, sendProblem } from './problem.ts';

/** Latency is no answer: the call goes on. */
export type AnsweringFault = Exclude<Fault, { kind: 'latency' }>;

/** What the caller will see of a fault. */
export function answerOf(fault: AnsweringFault): Pick<AttemptOutcome, 'answer' | 'status'> {
  switch (fault.kind) {
    case 'status':
      return { answer: 'response', status: fault.status };
    case 'redirect':
      return { answer: 'response', status: 307 };
    case 'malformed_body':
    case 'incomplete_body':
      return { answer: 'response', status: 201 };
    case 'reset':
      return { answer: 'reset', status: null };
    case 'no_answer':
      return { answer: 'nothing', status: null };
    default:
      return fault satisfies never;
  }
}

/** Answers as the fault wants it. `order` is the one that the call holds, where it came that far. */
export async function strike(fault: AnsweringFault, reply: FastifyReply, order?: StoredOrder): Promise<FastifyReply> {
  switch (fault.kind) {
    case 'status':
      return sendStatus(fault, reply);
    case 'redirect':
      return reply.code(307).header('location', fault.location).send();
    case 'malformed_body': {
      const whole = JSON.stringify({
        ridendine_order_id: order?.ridendineOrderId,
        payment_session_id: order?.paymentSessionId,
      });
      // Cut inside the second id: what arrives looks right for as long as it lasts.
      return reply.code(201).header('content-type', 'application/json').send(whole.slice(0, -8));
    }
    case 'incomplete_body':
      return reply
        .code(201)
        .send(
          fault.variant === 'missing'
            ? { ridendine_order_id: order?.ridendineOrderId }
            : { ridendine_order_id: '', payment_session_id: '' },
        );
    case 'reset':
      // A real RST, not an orderly end of the connection.
      reply.hijack().raw.socket?.resetAndDestroy();
      return reply;
    case 'no_answer':
      // The connection stays open until the caller gives up or the sandbox stops.
      return reply.hijack();
    default:
      return fault satisfies never;
  }
}

async function sendStatus(fault: Extract<Fault, { kind: 'status' }>, reply: FastifyReply): Promise<FastifyReply> {
  const { status, retry_after: retryAfter, json, detail } = fault;
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  if (status === 204 || status === 304) return reply.code(status).send();
  if (!json) {
    return reply
      .code(status)
      .type('text/html; charset=utf-8')
      .send(`<html><body>${detail ?? status}</body></html>`);
  }
  const title = 'Asked for by a fault of the sandbox';
  return sendProblem(reply, problem('fault', { title, status, ...(detail === undefined ? {} : { detail }) }));
}
