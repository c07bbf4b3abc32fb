import { describe, expect, it } from '@jest/globals';
import { failedBeforeSending } from '../../src/integrations/ridendine/connection-failure.ts';

/** A system error as Node makes it. */
function systemError(fields: { code: string; syscall?: string }, cause?: unknown): Error {
  return Object.assign(new Error(fields.code, { cause }), fields);
}

/** An error as fetch wraps it. */
function fetchFailed(cause: unknown): Error {
  return new TypeError('fetch failed', { cause });
}

describe('the proof that a request never left', () => {
  it.each<[string, unknown]>([
    ['a name that nobody knows', systemError({ code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
    ['a name server that is down', systemError({ code: 'EAI_AGAIN', syscall: 'getaddrinfo' })],
    ['a refused connection', systemError({ code: 'ECONNREFUSED', syscall: 'connect' })],
    ['no way to the host', systemError({ code: 'EHOSTUNREACH', syscall: 'connect' })],
    ['a connection that was not made in time', systemError({ code: 'ETIMEDOUT', syscall: 'connect' })],
    ["undici's own time-out for connecting", systemError({ code: 'UND_ERR_CONNECT_TIMEOUT' })],
    ['a certificate for another host', systemError({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })],
    ['a certificate that ran out', systemError({ code: 'CERT_HAS_EXPIRED' })],
    [
      'several addresses, none of which accepts',
      new AggregateError([
        systemError({ code: 'ECONNREFUSED', syscall: 'connect' }),
        systemError({ code: 'ENETUNREACH', syscall: 'connect' }),
      ]),
    ],
  ])('is given by %s, however deep it is wrapped', (_what, error) => {
    expect(failedBeforeSending(error)).toBe(true);
    expect(failedBeforeSending(fetchFailed(error))).toBe(true);
    expect(failedBeforeSending(new Error('outer', { cause: fetchFailed(error) }))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a reset while reading', systemError({ code: 'ECONNRESET', syscall: 'read' })],
    ['a reset of nobody knows what', systemError({ code: 'ECONNRESET' })],
    ['a pipe that broke while writing', systemError({ code: 'EPIPE', syscall: 'write' })],
    ['a time-out while reading', systemError({ code: 'ETIMEDOUT', syscall: 'read' })],
    ['a socket that the other side closed', systemError({ code: 'UND_ERR_SOCKET' })],
    ['headers that never came', systemError({ code: 'UND_ERR_HEADERS_TIMEOUT' })],
    ['a body that never ended', systemError({ code: 'UND_ERR_BODY_TIMEOUT' })],
    ['an answer that is no HTTP', systemError({ code: 'HPE_INVALID_CONSTANT' })],
    ['a time-out', new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
    ['an error without a cause', new Error('?')],
    ['a bug', new TypeError('x is not a function')],
    ['no error at all', undefined],
    ['a text', 'connect ECONNREFUSED'],
    ['an object that is no error', { code: 'ECONNREFUSED', syscall: 'connect' }],
    ['no address at all', new AggregateError([])],
    [
      'several addresses, one of which answered',
      new AggregateError([
        systemError({ code: 'ECONNREFUSED', syscall: 'connect' }),
        systemError({ code: 'ECONNRESET', syscall: 'read' }),
      ]),
    ],
  ])('is not given by %s', (_what, error) => {
    expect(failedBeforeSending(error)).toBe(false);
    expect(failedBeforeSending(fetchFailed(error))).toBe(false);
  });
});
