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

/** Starts a proxy before an HTTP server. The proxy can change the headers of answers, and can hold requests. */
export async function startHttpFront(options: {
  target: string;
  change?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** The proxy passes a request on when this promise resolves. If it rejects, the proxy drops the connection. */
  hold?: (request: { method: string | undefined; path: string | undefined }) => Promise<void>;
}): Promise<HttpFront> {
  const { target, change = (headers) => headers, hold = async () => {} } = options;
  const { hostname, port } = new URL(target);
  const passOn = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method, url: path, headers } = incoming;
    const forwarded = request({ hostname, port, method, path, headers });
    forwarded.on('response', (answer) => {
      // The proxy must not add a Date header where the server sent none.
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

/** Answers get a Date as if the server's clock were ahead by `aheadMs`, or behind if `aheadMs` is negative. */
export function withClockAhead(aheadMs: number) {
  return (headers: IncomingHttpHeaders): IncomingHttpHeaders => ({
    ...headers,
    date: new Date(Date.now() + aheadMs).toUTCString(),
  });
}
