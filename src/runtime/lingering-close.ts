import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** As nginx: the longest that what a caller still sends is thrown away (its `lingering_time`). */
const LONGEST_MS = 30_000;
/** A caller that sends less than this within one look has stopped, or only pretends to send. */
const LEAST_BYTES = 64 * 1024;
const LOOK_EVERY_MS = 3_000;

/**
 * Ends connections so that the last answer arrives. A socket that is closed while its caller still sends is reset by the
 * kernel, and a reset takes the answer away from a caller that has not read it yet. So our side is closed, and what still
 * comes is thrown away until the caller closes its side, for a bounded time. (RFC 9112, section 9.6; nginx calls it
 * lingering close.) Nothing of it is kept, and no request in it is carried out.
 */
export class LingeringClose {
  readonly #bodyLimitBytes: number;
  /** The last request that came over a connection. */
  readonly #exchanges = new WeakMap<Duplex, { request: IncomingMessage; response: ServerResponse }>();
  readonly #lingering = new WeakSet<Duplex>();

  /** @param options.bodyLimitBytes what a route reads at most. */
  constructor({ bodyLimitBytes }: { bodyLimitBytes: number }) {
    this.#bodyLimitBytes = bodyLimitBytes;
  }

  /** To be called before the server listens. */
  listenTo(server: Server): void {
    server.prependListener('connection', (socket: Socket) => {
      const destroySoon = socket.destroySoon.bind(socket);
      // So Node ends the connection after an answer with `Connection: close`.
      socket.destroySoon = () => {
        if (this.#isRequestComing(socket)) this.end(socket);
        else destroySoon();
      };
    });
    server.prependListener('request', (request, response) => this.#watch(request, response));
  }

  /** Whether the connection's last request has its answer though it has not arrived whole. */
  isAnsweredEarly(socket: Duplex): boolean {
    return this.#isRequestComing(socket) && this.#exchanges.get(socket)?.response.writableEnded === true;
  }

  /** Whether nothing is answered any more over this connection. */
  isLingering(socket: Duplex): boolean {
    return this.#lingering.has(socket);
  }

  /** Ends the connection with this, if anything. */
  end(socket: Duplex, lastBytes?: string): void {
    if (this.#lingering.has(socket)) return;
    this.#lingering.add(socket);
    // A reset by the caller would else be nobody's, and end the process.
    socket.on('error', () => {});
    // Node's parser reads no further: what comes now is no request of ours.
    socket.removeAllListeners('data');
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
    // It may have stood still for want of a reader.
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
    // The caller has closed its side: there is nothing left that could reset us.
    socket.once('end', () => socket.end());
    if (lastBytes === undefined) socket.end();
    else socket.end(lastBytes);
  }

  #watch(request: IncomingMessage, response: ServerResponse): void {
    this.#exchanges.set(request.socket, { request, response });
    if (this.#isSmall(request)) return;
    // An answer that comes before the end of such a body is the last one of its connection.
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
