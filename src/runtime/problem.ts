import type { FastifyReply } from 'fastify';

declare module 'fastify' {
  interface FastifyReply {
    /** `code` of the problem that is the answer; `undefined` if the answer is not a problem. */
    outcomeCode: string | undefined;
  }
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** How long a caller should wait before it asks again, in seconds. Our work takes a moment. */
export const RETRY_AFTER_S = 2;

/** What a problem code means. It is the same each time that the code occurs. */
export interface ProblemEntry {
  readonly status: number;
  readonly title: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
}

export interface Problem<Code extends string> {
  code: Code;
  detail: string;
  /** Each thing that is wrong, if there are several. */
  problems?: object[];
  /** Further members of the problem document. */
  members?: object;
  /** By default the `retryable` of the code. */
  retryable?: boolean;
}

/** Problems of HTTP itself, which every service has. A code is never renamed. */
const httpProblems = {
  MalformedRequest: { status: 400, title: 'The request cannot be read.', retryable: false },
  Unauthorized: { status: 401, title: 'The credential is missing or unknown.', retryable: false },
  NotFound: { status: 404, title: 'There is nothing at this address.', retryable: false },
  MethodNotAllowed: { status: 405, title: 'The address does not know this method.', retryable: false },
  RequestTimeout: { status: 408, title: 'The request took too long to arrive.', retryable: true },
  PayloadTooLarge: { status: 413, title: 'The body is too large.', retryable: false },
  UriTooLong: { status: 414, title: 'The address is too long.', retryable: false },
  UnsupportedMediaType: {
    status: 415,
    title: 'The body must be application/json without a content encoding.',
    retryable: false,
  },
  HeadersTooLarge: { status: 431, title: 'The headers are too large.', retryable: false },
} as const satisfies Record<string, ProblemEntry>;

export type HttpProblemCode = keyof typeof httpProblems | 'InternalError';

/** @param service name of the service in messages to people, such as "The gateway". */
export function httpProblemsOf(service: string): Record<HttpProblemCode, ProblemEntry> {
  return { ...httpProblems, InternalError: { status: 500, title: `${service} failed.`, retryable: true } };
}

/** The `type` of a problem, a URN: nobody has to serve a page at this address (docs/decisions/0012). */
export function problemType(code: string): string {
  return `urn:cooco:problem:${code}`;
}

/** The problem documents (RFC 9457) of one service. */
export class Problems<Code extends string> {
  readonly #entryOf: (code: Code) => ProblemEntry;

  constructor(entryOf: (code: Code) => ProblemEntry) {
    this.#entryOf = entryOf;
  }

  /** The answer for a problem: HTTP status, headers and body. */
  response({ code, detail, problems = [], members = {}, retryable = this.#entryOf(code).retryable }: Problem<Code>) {
    const { status, title } = this.#entryOf(code);
    const body = {
      type: problemType(code),
      title,
      status,
      detail,
      code: code as string,
      retryable,
      ...(problems.length > 0 && { problems }),
      ...members,
    };
    const headers: Record<string, string> = {
      'content-type': PROBLEM_CONTENT_TYPE,
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
      // RFC 9110, section 15.5.16: tells which encoding would have been accepted.
      ...(status === 415 && { 'accept-encoding': 'identity' }),
      ...(retryable && { 'retry-after': String(RETRY_AFTER_S) }),
    };
    return { status, headers, body };
  }

  send(reply: FastifyReply, problem: Problem<Code>): FastifyReply {
    const { status, headers, body } = this.response(problem);
    reply.outcomeCode = problem.code;
    return reply.status(status).headers(headers).send(body);
  }
}
