import { existsSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { execa } from 'execa';

/** The answer as a caller read it. */
export interface Heard {
  status: number;
  body: string;
}

export interface LargeRequest {
  url: string;
  headers: Record<string, string>;
  body: Buffer;
}

const PIECE_BYTES = 64 * 1024;

/**
 * Different ways in which programs send a body and read the answer, by name. Each rejects if the connection fails
 * before the answer is read. Callers with `without a length` in their name send no Content-Length.
 */
const largeBodyCallers: Record<string, (request: LargeRequest) => Promise<Heard>> = {
  'fetch of the whole body': async ({ url, headers, body }) =>
    heard(await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })),
  'fetch of a stream, without a length': async ({ url, headers, body }) => {
    const left = pieces(body);
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const { value } = left.next();
        if (value === undefined) controller.close();
        else controller.enqueue(new Uint8Array(value));
      },
    });
    return heard(await fetch(url, { method: 'POST', headers, body: stream, duplex: 'half' }));
  },
  'node:http with the whole body': (request) => sendByHttp(request, { isAnnounced: true, inPieces: false }),
  'node:http piece by piece': (request) => sendByHttp(request, { isAnnounced: true, inPieces: true }),
  'node:http piece by piece, without a length': (request) =>
    sendByHttp(request, { isAnnounced: false, inPieces: true }),
  'a socket that reads once everything is written': (request) => sendBySocket(request, { isAnnounced: true }),
  'a socket that reads once everything is written, without a length': (request) =>
    sendBySocket(request, { isAnnounced: false }),
  'a socket that closes its sending side': (request) => sendBySocket(request, { isAnnounced: true, halfClose: true }),
};

/** The callers that work on this machine. With curl installed: also curl with and without `Expect: 100-continue`. */
export function largeBodyCallersHere(): [string, (request: LargeRequest) => Promise<Heard>][] {
  const kinds = Object.entries(largeBodyCallers);
  if (!isInstalled('curl')) return kinds;
  return [
    ...kinds,
    ['curl that asks before it sends', (request) => sendByCurl(request, {})],
    ['curl that sends unasked', (request) => sendByCurl(request, { expect: '' })],
    [
      'curl that sends unasked, without a length',
      (request) => sendByCurl(request, { expect: '', 'transfer-encoding': 'chunked' }),
    ],
  ];
}

async function heard(response: Response): Promise<Heard> {
  return { status: response.status, body: await response.text() };
}

function* pieces(body: Buffer): Generator<Buffer> {
  for (let start = 0; start < body.length; start += PIECE_BYTES) yield body.subarray(start, start + PIECE_BYTES);
}

function sendByHttp(
  { url, headers, body }: LargeRequest,
  { isAnnounced, inPieces }: { isAnnounced: boolean; inPieces: boolean },
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const length = isAnnounced ? { 'content-length': String(body.length) } : {};
    const sending = httpRequest(url, { method: 'POST', headers: { ...headers, ...length }, agent: false });
    sending.on('error', reject);
    sending.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    if (!inPieces) {
      sending.end(body);
      return;
    }
    const left = pieces(body);
    const sendMore = () => {
      let piece = left.next();
      while (!piece.done && sending.write(piece.value)) piece = left.next();
      if (piece.done) sending.end();
      else sending.once('drain', sendMore);
    };
    sendMore();
  });
}

/** Writes everything first and reads only then. Until then an early answer stays in the kernel's buffer. */
function sendBySocket(
  { url, headers, body }: LargeRequest,
  { isAnnounced, halfClose = false }: { isAnnounced: boolean; halfClose?: boolean },
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let text = '';
    socket.pause();
    socket.on('error', reject);
    const lines = Object.entries({
      host,
      connection: 'close',
      ...headers,
      ...(isAnnounced ? { 'content-length': String(body.length) } : { 'transfer-encoding': 'chunked' }),
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n`);
    if (!isAnnounced) socket.write(`${body.length.toString(16)}\r\n`);
    const readOn = () => {
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('end', () => {
        socket.destroy();
        const [head = '', answer = ''] = text.split('\r\n\r\n');
        resolve({ status: Number(head.split(' ')[1] ?? 0), body: answer });
      });
    };
    socket.write(body, () => {
      if (halfClose) socket.end();
      readOn();
      socket.resume();
    });
    if (!isAnnounced) socket.write('\r\n0\r\n\r\n');
  });
}

async function sendByCurl({ url, headers, body }: LargeRequest, more: Record<string, string>): Promise<Heard> {
  const { stdout } = await execa(
    'curl',
    [
      '--silent',
      '--show-error',
      '--data-binary',
      '@-',
      '--write-out',
      '\n%{http_code}',
      ...Object.entries({ ...headers, ...more }).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
      url,
    ],
    { input: body },
  );
  const lines = stdout.split('\n');
  return { status: Number(lines.at(-1)), body: lines.slice(0, -1).join('\n') };
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, program)));
}
