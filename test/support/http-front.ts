import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

export interface HttpFront {
  /** `http://127.0.0.1:<port>` */
  url: string;
  close(): Promise<void>;
}

/** Stands before an HTTP server as a proxy does, and changes the headers of what it answers, or holds up what is asked. */
export async function startHttpFront(options: {
  target: string;
  change?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** What a request waits for before it is passed on. If that fails, so does the connection. */
  hold?: (request: { method: string | undefined; path: string | undefined }) => Promise<void>;
}): Promise<HttpFront> {
  const { target, change = (headers) => headers, hold = async () => {} } = options;
  const { hostname, port } = new URL(target);
  const passOn = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method, url: path, headers } = incoming;
    const forwarded = request({ hostname, port, method, path, headers });
    forwarded.on('response', (answer) => {
      // What the server behind has said stands, also where it said nothing.
      outgoing.sendDate = false;
      outgoing.writeHead(answer.statusCode ?? 502, change(answer.headers));
      pipeline(answer, outgoing, () => {});
    });
    forwarded.on('error', () => outgoing.destroy());
    pipeline(incoming, forwarded, () => {});
  };
  const server = createServer((incoming, outgoing) => {
    void hold({ method: incoming.method, path: incoming.url }).then(
      () => passOn(incoming, outgoing),
      () => outgoing.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** As if the clock behind it were ahead by so much, or behind if it is negative. */
export function withClockAhead(aheadMs: number) {
  return (headers: IncomingHttpHeaders): IncomingHttpHeaders => ({
    ...headers,
    date: new Date(Date.now() + aheadMs).toUTCString(),
  });
}
