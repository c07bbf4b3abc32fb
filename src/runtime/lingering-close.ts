import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How long at most the bytes that a caller still sends are thrown away. The same as `lingering_time` of nginx. */
const LONGEST_MS = 30_000;
/** A caller that sends less than this within `LOOK_EVERY_MS` has stopped, or only pretends to send. */
const LEAST_BYTES = 64 * 1024;
const LOOK_EVERY_MS = 3_000;

/**
 * Ends connections so that the last answer reaches the caller. If a socket is closed while its caller still sends, the
 * kernel resets the connection, and a caller that has not read the answer yet loses it. So the server closes only its
 * own side. It throws away what the caller still sends, until the caller closes its side, for a bounded time. No
 * request in these bytes is carried out. (RFC 9112, section 9.6; nginx calls this lingering close.)
 */
export class LingeringClose {
  readonly #bodyLimitBytes: number;
  /** The last request that came over a connection. */
  readonly #exchanges = new WeakMap<Duplex, { request: IncomingMessage; response: ServerResponse }>();
  readonly #lingering = new WeakSet<Duplex>();

  /** @param options.bodyLimitBytes size of the largest body that a route reads. */
  constructor({ bodyLimitBytes }: { bodyLimitBytes: number }) {
    this.#bodyLimitBytes = bodyLimitBytes;
  }

  /** Must be called before the server listens. */
  listenTo(server: Server): void {
    server.prependListener('connection', (socket: Socket) => {
      const destroySoon = socket.destroySoon.bind(socket);
      // Node calls this function to end a connection after an answer with `Connection: close`.
      socket.destroySoon = () => {
        if (this.#isRequestComing(socket)) this.end(socket);
        else destroySoon();
      };
    });
    server.prependListener('request', (request, response) => this.#watch(request, response));
  }

  /** Whether the last request of the connection has been answered before it has arrived whole. */
  isAnsweredEarly(socket: Duplex): boolean {
    return this.#isRequestComing(socket) && this.#exchanges.get(socket)?.response.writableEnded === true;
  }

  /** Whether `end` was called for this connection: then it carries no further answer. */
  isLingering(socket: Duplex): boolean {
    return this.#lingering.has(socket);
  }

  /** Sends `lastBytes`, if given, and ends the connection. */
  end(socket: Duplex, lastBytes?: string): void {
    if (this.#lingering.has(socket)) return;
    this.#lingering.add(socket);
    // Without a listener, a reset by the caller would be an uncaught error and end the process.
    socket.on('error', () => {});
    // Detach Node's parser: what comes from now on must not become a request.
    socket.removeAllListeners('data');
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
    // The stream may have stopped because nobody read it. This makes it flow again.
    socket.pause();
    socket.resume();
    const look = setInterval(() => {
      if (bytes < LEAST_BYTES) socket.destroy();
      bytes = 0;
    }, LOOK_EVERY_MS).unref();
    const tooLong = setTimeout(() => socket.destroy(), LONGEST_MS).unref();
    socket.once('close', () => {
      clearInterval(look);
      clearTimeout(tooLong);
    });
    // The caller has closed its side and sends nothing more. So no reset can follow.
    socket.once('end', () => socket.end());
    if (lastBytes === undefined) socket.end();
    else socket.end(lastBytes);
  }

  #watch(request: IncomingMessage, response: ServerResponse): void {
    this.#exchanges.set(request.socket, { request, response });
    if (this.#isSmall(request)) return;
    // If the answer to such a request is sent before its body has ended, it is the last one of the connection.
    const { shouldKeepAlive } = response;
    response.shouldKeepAlive = false;
    request.once('end', () => (response.shouldKeepAlive = shouldKeepAlive));
  }

  #isSmall({ headers }: IncomingMessage): boolean {
    return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= this.#bodyLimitBytes;
  }

  #isRequestComing(socket: Duplex): boolean {
    return this.#exchanges.get(socket)?.request.complete === false;
  }
}
