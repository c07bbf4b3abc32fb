import type { FastifyInstance } from 'fastify';
import type { WaitingRoom } from './waiting-room.ts';

/** Most orders that were under way when the gateway is stopped are done within this. */
const FINISH_MS = 1_000;
/** What still sends or reads so long after the stop is cut off. */
const CUT_OFF_MS = 5_000;

/** Makes `app.close()` answer everybody who waits, and end in bounded time. New connections are refused at once. */
export function stopInOrder(app: FastifyInstance, rooms: WaitingRoom[]): void {
  let isClosing = false;
  app.addHook('onSend', (_request, reply, payload, done) => {
    // Else the caller could use the connection again, and the server would wait for that.
    if (isClosing) void reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('preClose', (done) => {
    isClosing = true;
    const finish = setTimeout(() => rooms.forEach((room) => room.close()), FINISH_MS);
    const cutOff = setTimeout(() => app.server.closeAllConnections(), CUT_OFF_MS);
    app.server.once('close', () => {
      clearTimeout(finish);
      clearTimeout(cutOff);
    });
    done();
  });
}
