import { once } from 'node:events';
import { connect } from 'node:net';

/** Everything that came back on a connection, read as text. */
export interface RawAnswer {
  /** The HTTP status; 0 if the answer does not begin with an HTTP status line. */
  status: number;
  headers: Headers;
  body: string;
  /** The whole text, including further answers. */
  text: string;
}

/**
 * Sends bytes over a new connection. Reads until the server closes the connection, or for `timeoutMs`.
 *
 * @param options.endAfter closes the sending side after the bytes.
 */
export async function sendRaw(
  url: string,
  bytes: string | Buffer,
  { timeoutMs = 60_000, endAfter = false }: { timeoutMs?: number; endAfter?: boolean } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // A reset after the answer is no problem: the bytes that have arrived are parsed.
  socket.on('error', () => {});
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  if (endAfter) socket.end(bytes);
  else socket.write(bytes);
  await once(socket, 'close');
  clearTimeout(timer);
  return parseAnswer(Buffer.concat(chunks).toString());
}

function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1] ?? 0);
  return { status, headers, body: rest.join('\r\n\r\n'), text };
}
