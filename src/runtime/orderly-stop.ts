import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Most that was under way when the service is stopped is done within this. */
const FINISH_MS = 1_000;
/** What still sends or reads so long after the stop is cut off. */
const CUT_OFF_MS = 5_000;

/**
 * Makes `app.close()` answer everybody who waits, and end in bounded time. New connections are refused at once.
 *
 * @param rooms where requests wait; they are closed when they had some time to finish by themselves.
 */
export function stopInOrder(app: FastifyInstance, rooms: { close(): void }[] = []): void {
  let isClosing = false;
  const connections = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    // Else the caller could use the connection again, and the server would wait for that.
    if (isClosing) void reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('preClose', (done) => {
    isClosing = true;
    // Opened for later and never used: Node takes them for busy.
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
