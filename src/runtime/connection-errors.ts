import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { LingeringClose } from './lingering-close.ts';
import type { HttpProblemCode, Problem, Problems } from './problem.ts';
import { requestId, standardHeaders } from './request-id.ts';

/** The problems that we answer, by the code of the error from Node's HTTP parser and its timers. */
const problems: Record<string, Problem<HttpProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'RequestTimeout', detail: 'Send the request faster.' },
  HPE_HEADER_OVERFLOW: { code: 'HeadersTooLarge', detail: 'Send fewer or shorter headers.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: 'PayloadTooLarge', detail: 'Send the body without chunk extensions.' },
};
const notHttp: Problem<HttpProblemCode> = { code: 'MalformedRequest', detail: 'The request is not valid HTTP/1.1.' };

/** Answers what never became a request for Fastify: invalid HTTP, a late request, `CONNECT`. Ends the connection. */
export class ConnectionErrors {
  readonly #problems: Problems<HttpProblemCode>;
  readonly #observe: (answer: { status: number; code: HttpProblemCode }) => void;
  readonly #lingering: LingeringClose;
  /** How long a connection may do nothing between two requests. */
  #keepAliveMs: () => number = () => 0;
  /** How many requests of a connection have arrived whole and have no answer yet. */
  readonly #answering = new WeakMap<Duplex, number>();

  /** @param options.observe called for every answer, because these answers pass no hook of Fastify. */
  constructor(options: {
    problems: Problems<HttpProblemCode>;
    observe: (answer: { status: number; code: HttpProblemCode }) => void;
    lingering: LingeringClose;
  }) {
    this.#problems = options.problems;
    this.#observe = options.observe;
    this.#lingering = options.lingering;
  }

  /** What Fastify takes as `clientErrorHandler`. */
  readonly onClientError = (error: Error & { code?: string }, socket: Socket): void => {
    if (this.#lingering.isLingering(socket)) return;
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) {
      // A load balancer has opened this connection for later use. Node's time limits begin again with the first byte.
      socket.setTimeout(this.#keepAliveMs());
      return;
    }
    const isAnswering = (this.#answering.get(socket) ?? 0) > 0;
    // No answer while an earlier request is being answered, or after a request was answered before its body had arrived
    // whole: the caller would take the answer to this error for the answer to another request.
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering || this.#lingering.isAnsweredEarly(socket)) {
      socket.destroy();
      return;
    }
    this.#answer(socket, problems[error.code ?? ''] ?? notHttp, requestId({ rawHeaders: [] }));
  };

  listenTo(app: FastifyInstance): void {
    this.#keepAliveMs = () => app.server.keepAliveTimeout;
    app.addHook('preValidation', (request, reply, done) => {
      const { socket } = request;
      this.#count(socket, 1);
      reply.raw.once('close', () => this.#count(socket, -1));
      done();
    });
    // `CONNECT` asks for a tunnel. Node hands over the bare socket, so Fastify cannot answer.
    app.server.on('connect', (request: IncomingMessage, socket: Duplex) => {
      this.#answer(socket, { code: 'MethodNotAllowed', detail: 'There are no tunnels here.' }, requestId(request));
    });
  }

  #count(socket: Duplex, change: 1 | -1): void {
    this.#answering.set(socket, (this.#answering.get(socket) ?? 0) + change);
  }

  #answer(socket: Duplex, problem: Problem<HttpProblemCode>, id: string): void {
    const { status, headers, body } = this.#problems.response(problem);
    this.#observe({ status, code: problem.code });
    const json = JSON.stringify(body);
    const lines = Object.entries({
      ...standardHeaders(id),
      ...headers,
      ...(problem.code === 'MethodNotAllowed' && { allow: '' }),
      date: new Date().toUTCString(),
      'content-length': String(Buffer.byteLength(json)),
      connection: 'close',
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#lingering.end(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${json}`);
  }
}
