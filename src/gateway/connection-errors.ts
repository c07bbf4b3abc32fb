import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { requestId } from './request-id.ts';
import { problemResponse } from './problem.ts';
import type { Problem } from './problem.ts';
import type { ProblemCode } from './problem-codes.ts';
import { standardHeaders } from './standard-headers.ts';

/** What Node's HTTP parser and its timers find wrong, by the code of the error. */
const problems: Record<string, Problem> = {
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'RequestTimeout', detail: 'Send the request faster.' },
  HPE_HEADER_OVERFLOW: { code: 'HeadersTooLarge', detail: 'Send fewer or shorter headers.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: 'PayloadTooLarge', detail: 'Send the body without chunk extensions.' },
};
const notHttp: Problem = { code: 'MalformedRequest', detail: 'The request is not valid HTTP/1.1.' };

interface ConnectionErrorsOptions {
  /** Whether a request that arrived whole is being answered on this connection. */
  isAnswering: (socket: Duplex) => boolean;
  observe: (code: ProblemCode, status: number) => void;
}

/** Answers what is no request, or was none yet when the connection failed; the connection ends with it. */
export function answerConnectionErrors({ isAnswering, observe }: ConnectionErrorsOptions) {
  const answer = (socket: Duplex, problem: Problem, id: string) => {
    const { status, headers, body } = problemResponse(problem);
    observe(problem.code, status);
    const json = JSON.stringify(body);
    const head = Object.entries({
      ...standardHeaders(id),
      ...headers,
      ...(problem.code === 'MethodNotAllowed' && { allow: '' }),
      'content-length': String(Buffer.byteLength(json)),
      connection: 'close',
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${json}`);
  };
  return {
    onClientError(error: Error & { code?: string }, socket: Socket): void {
      // What is wrong came after a request that is still being answered: said now, it would be taken for its answer.
      if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
        socket.destroy();
        return;
      }
      answer(socket, problems[error.code ?? ''] ?? notHttp, requestId({ headers: {} }));
      // Whoever goes on sending, or never reads, is not waited for.
      socket.setTimeout(LINGER_MS, () => socket.destroy());
    },
    /** CONNECT asks for a tunnel, and its connection is no HTTP any more. */
    onConnect(request: IncomingMessage, socket: Duplex): void {
      answer(socket, { code: 'MethodNotAllowed', detail: 'There are no tunnels here.' }, requestId(request));
    },
  };
}

/** Enough for the answer to arrive. */
const LINGER_MS = 1000;
