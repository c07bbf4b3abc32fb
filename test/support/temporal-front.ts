import { once } from 'node:events';
import { connect, constants, createServer } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface TemporalFront {
  /** `127.0.0.1:<port>` */
  address: string;
  close(): Promise<void>;
}

/**
 * Starts a proxy before a Temporal server. It answers some requests itself: it refuses them as Temporal Cloud does, or
 * answers as an older server would.
 */
export async function startTemporalFront(options: {
  target: string;
  /**
   * @param path for instance `/temporal.api.operatorservice.v1.OperatorService/…`.
   * @returns the gRPC status of a refusal; undefined lets the request through.
   */
  refuse?: (path: string, headers: IncomingHttpHeaders) => number | undefined;
  /** How long the proxy waits before it refuses a request, in milliseconds. */
  refusesAfterMs?: (headers: IncomingHttpHeaders) => number;
  /** The message of a refusal. */
  words?: (headers: IncomingHttpHeaders) => string;
  /** @returns the encoded message to answer with; undefined lets the request through. */
  answer?: (path: string) => Uint8Array | undefined;
}): Promise<TemporalFront> {
  const sessions = new Set<ServerHttp2Session | ClientHttp2Session>();
  const behind = connect(`http://${options.target}`);
  behind.on('error', () => {});
  sessions.add(behind);
  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const path = String(headers[constants.HTTP2_HEADER_PATH]);
    const status = options.refuse?.(path, headers);
    if (status !== undefined) {
      const refuse = () => {
        if (stream.destroyed) return;
        stream.respond(
          {
            ':status': 200,
            'content-type': 'application/grpc',
            'grpc-status': String(status),
            'grpc-message': options.words?.(headers) ?? 'no',
          },
          { endStream: true },
        );
      };
      const afterMs = options.refusesAfterMs?.(headers);
      if (afterMs === undefined) refuse();
      else setTimeout(refuse, afterMs);
      return;
    }
    const message = options.answer?.(path);
    if (message !== undefined) {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(inFrame(message));
      return;
    }
    const request = behind.request(headers);
    request.on('error', () => stream.close());
    // If a worker is gone, its poll must end. Otherwise the server would give tasks to it.
    stream.on('close', () => request.close(constants.NGHTTP2_CANCEL));
    stream.pipe(request);
    request.on('response', (response, flags) => {
      if (stream.destroyed) return;
      const isEnd = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond(response, { endStream: isEnd, waitForTrailers: !isEnd });
      if (isEnd) return;
      let trailers: IncomingHttpHeaders = {};
      request.on('trailers', (received: IncomingHttpHeaders) => {
        trailers = received;
      });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      request.pipe(stream);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Adds gRPC's frame header: one byte that says whether the message is compressed, and the length in four bytes. */
function inFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
