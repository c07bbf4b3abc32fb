import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** How long requests may finish by themselves after the service is told to stop. Most are done by then. */
const FINISH_MS = 1_000;
/** How long after the stop the connections that are still open are cut off. */
const CUT_OFF_MS = 5_000;

/**
 * Makes `app.close()` answer every request that waits, within a bounded time. New connections are refused at once.
 *
 * @param rooms where requests wait. A room is closed after its requests had some time to finish by themselves.
 */
export function stopInOrder(app: FastifyInstance, rooms: { close(): void }[] = []): void {
  let isClosing = false;
  const connections = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    // Without this the caller could use the connection again, and the server would wait for the next request.
    if (isClosing) void reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('preClose', (done) => {
    isClosing = true;
    // Connections that were opened for later and never used. Node counts them as busy and would wait for them.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    const finish = setTimeout(() => rooms.forEach((room) => room.close()), FINISH_MS);
    const cutOff = setTimeout(() => connections.forEach((socket) => socket.destroy()), CUT_OFF_MS);
    app.server.once('close', () => {
      clearTimeout(finish);
      clearTimeout(cutOff);
    });
    done();
  });
}
