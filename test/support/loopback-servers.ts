import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface ReceivedRequest {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface LoopbackServer {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** Ends the server and every connection. */
  close(): Promise<void>;
}

/** An HTTP server. It records each request when the request has arrived completely, and then calls `answer`. */
export async function startHttpServer(
  answer: (response: ServerResponse, request: ReceivedRequest) => unknown,
): Promise<LoopbackServer & { requests: ReceivedRequest[] }> {
  const requests: ReceivedRequest[] = [];
  const server = createHttpServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method, url: path, headers } = incoming;
      const request = { method, path, headers, body: Buffer.concat(chunks) };
      requests.push(request);
      answer(response, request);
    });
  });
  const url = await listen(server);
  const close = async () => {
    server.closeAllConnections();
    await closed(server);
  };
  return { url, requests, close };
}

/** A TCP server for answers that no HTTP server gives. `connections` are the connections that clients made. */
export async function startTcpServer(
  onConnection: (socket: Socket) => unknown,
): Promise<LoopbackServer & { connections: Socket[] }> {
  const connections: Socket[] = [];
  const server = createTcpServer((socket) => {
    connections.push(socket);
    // A client may reset the connection. That is no error of this server.
    socket.on('error', () => {});
    onConnection(socket);
  });
  const url = await listen(server);
  const close = async () => {
    for (const socket of connections) socket.destroy();
    await closed(server);
  };
  return { url, connections, close };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
