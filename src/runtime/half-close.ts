import type { Server, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * How long a request goes on after its caller has closed its sending side. The caller may still read, or may be gone:
 * the server learns which only by sending the answer. An order that is nearly done is done within this time. After it
 * the request ends, so that a caller that is gone does not take the place of another one.
 */
const LAST_MOMENT_MS = 1_000;

const abandoned = new WeakSet<ServerResponse>();

/** Lets a caller close its sending side after its request (`shutdown(SHUT_WR)`) and read the answer all the same. */
export function allowHalfClose(server: Server): void {
  // Node has this option, but neither its documentation nor its types mention it.
  Object.assign(server, { httpAllowHalfOpen: true });
}

/**
 * Calls `tell` when nobody waits for the answer any more: the answer is sent, the connection is gone, or the caller
 * closed its sending side more than a second ago. In the last case an answer that is sent afterwards still reaches a
 * caller that reads, and `tell` is called a second time when the reply closes.
 */
export function whenNobodyWaits(request: FastifyRequest, reply: FastifyReply, tell: () => void): void {
  const { socket } = request;
  let lastMoment: NodeJS.Timeout | undefined;
  const begin = () => {
    lastMoment = setTimeout(() => {
      abandoned.add(reply.raw);
      tell();
    }, LAST_MOMENT_MS);
  };
  if (socket.readableEnded) begin();
  else socket.once('end', begin);
  reply.raw.once('close', () => {
    socket.off('end', begin);
    clearTimeout(lastMoment);
    tell();
  });
}

/** Whether the caller was gone before it was answered, as far as the server knows. Ask after the reply has closed. */
export function isAbandoned({ raw }: FastifyReply): boolean {
  return abandoned.has(raw) || !raw.writableFinished;
}
