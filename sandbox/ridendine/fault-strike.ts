import type { FastifyReply } from 'fastify';
import type { Fault } from './faults.ts';
import type { AttemptOutcome, StoredOrder } from './order-store.ts';
import { problem, sendProblem } from './problem.ts';

/** The faults that answer the call. Latency does not: the call goes on afterwards. */
export type AnsweringFault = Exclude<Fault, { kind: 'latency' }>;

/** What the caller gets because of a fault. */
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

/** Answers a call as the fault says. `order` is the order of the call, if the call was accepted. */
export async function strike(fault: AnsweringFault, reply: FastifyReply, order?: StoredOrder): Promise<FastifyReply> {
  switch (fault.kind) {
    case 'status':
      return sendStatus(fault, reply);
    case 'redirect':
      return reply.code(307).header('location', fault.location).send();
    case 'malformed_body': {
      const whole = JSON.stringify({
        ridendine_order_id: order?.ridendine_order_id,
        payment_session_id: order?.payment_session_id,
      });
      // The JSON is cut inside the second id: everything before the cut looks right.
      return reply.code(201).header('content-type', 'application/json').send(whole.slice(0, -8));
    }
    case 'incomplete_body':
      return reply
        .code(201)
        .send(
          fault.variant === 'missing'
            ? { ridendine_order_id: order?.ridendine_order_id }
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
