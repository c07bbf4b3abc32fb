import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Certificates } from './certificates.ts';

export interface TlsFront {
  /** `localhost:<port>` */
  address: string;
  /** Ends the server and every connection. */
  close(): Promise<void>;
}

/**
 * Starts a TLS proxy before a server without TLS, as Temporal Cloud has one. With `asksForCertificate` it accepts only
 * clients with a certificate of the authority. Without, it accepts everybody: the server behind may ask for an API key.
 */
export async function startTlsFront(options: {
  target: string;
  certificates: Certificates;
  asksForCertificate?: boolean;
  /** The protocol of the server behind. Default: HTTP/2, for gRPC. */
  protocol?: 'h2' | 'http/1.1';
}): Promise<TlsFront> {
  const { target, certificates, asksForCertificate = true, protocol = 'h2' } = options;
  const { authority, server: own } = certificates;
  const [host, port] = target.split(':');
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Either side may reset its connection. That is no error of this proxy.
    socket.on('error', () => {});
  };
  const server = createServer(
    {
      cert: own.crt,
      key: own.key,
      ca: authority.crt,
      requestCert: asksForCertificate,
      rejectUnauthorized: asksForCertificate,
      ALPNProtocols: [protocol],
    },
    (secure) => {
      const plain = connect({ host: host ?? '', port: Number(port) });
      keep(plain);
      secure.on('error', () => plain.destroy());
      secure.on('close', () => plain.destroy());
      plain.on('error', () => secure.destroy());
      plain.on('close', () => secure.destroy());
      secure.pipe(plain).pipe(secure);
    },
  );
  server.on('connection', keep);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
