import type { Server, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * A caller that has closed its sending side reads on, or is gone: nothing tells which before the answer is on its way. An
 * order that is nearly done is done within this; for a longer one nobody's place is taken by a caller that is gone.
 */
const LAST_MOMENT_MS = 1_000;

const abandoned = new WeakSet<ServerResponse>();

/** Lets a caller close its sending side after its request (`shutdown(SHUT_WR)`) and read the answer all the same. */
export function allowHalfClose(server: Server): void {
  // Node has the switch, and its documentation and types have not.
  Object.assign(server, { httpAllowHalfOpen: true });
}

/**
 * Tells once when no answer is waited for any more: the connection is gone or the answer sent, or the caller has closed
 * its sending side and some time has passed. In the last case what is answered then still reaches a caller that reads.
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

/** Whether the caller was gone before its answer, as far as that can be known. */
export function isAbandoned({ raw }: FastifyReply): boolean {
  return abandoned.has(raw) || !raw.writableFinished;
}
