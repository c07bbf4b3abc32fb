import type { FastifyReply } from 'fastify';

/** A field that was refused. It says what the field must be and never repeats what it was. */
export interface FieldProblem {
  /** JSON Pointer in URI fragment form (RFC 6901, section 6), such as `#/customer/email`. */
  pointer: string;
  detail: string;
}

/** Problem details (RFC 9457), with `errors` as in the example of its section 3. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  errors?: FieldProblem[];
}

/** `name` becomes the last part of the problem's `type`, which callers may rely on. */
export function problem(name: string, fields: Omit<Problem, 'type'>): Problem {
  return { type: `urn:ridendine-sandbox:problem:${name}`, ...fields };
}

export async function sendProblem(reply: FastifyReply, body: Problem): Promise<FastifyReply> {
  return reply.code(body.status).header('content-type', 'application/problem+json').send(JSON.stringify(body));
}
