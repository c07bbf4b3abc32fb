import { parseJson } from '../../integrations/ridendine/reply.ts';

/** A person waits at a terminal. A service that takes longer than this would be too slow for orders, too. */
const ANSWER_TIMEOUT_MS = 5000;

/** Codes of Node and OpenSSL about certificates and handshakes. */
const TLS_TROUBLE = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_|EPROTO/;

/** An HTTP service could not be asked. `message` says why and what to do, and repeats nothing that the service said. */
export class HttpAccessError extends Error {
  override readonly name = 'HttpAccessError';
}

/** An HTTP service and the setting that says where it is. */
export interface HttpService {
  /** As people call it: `Directus`. */
  name: string;
  url: string;
  /** `DIRECTUS_URL` */
  setting: string;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** The body, `undefined` if it is not a JSON object. */
  json: object | undefined;
  /** By this machine's clock, in milliseconds since 1970. */
  askedAtMs: number;
  answeredAtMs: number;
}

/** The address as it is printed: without credentials and query, and without a slash at its end. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`.replace(/\/+$/, '');
}

/**
 * Makes one request and reads the answer to its end, whatever its status.
 *
 * @throws {HttpAccessError} there is no answer.
 */
export async function askHttp(
  service: HttpService,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<HttpAnswer> {
  const askedAtMs = Date.now();
  try {
    const response = await fetch(`${service.url.replace(/\/+$/, '')}${path}`, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const answeredAtMs = Date.now();
    const text = await response.text();
    const { status, headers } = response;
    return { status, headers, text, json: parseJson(text), askedAtMs, answeredAtMs };
  } catch (error) {
    throw new HttpAccessError(sentence(error, service), { cause: error });
  }
}

function sentence(error: unknown, { name, url, setting }: HttpService): string {
  const where = `${name} at ${shownUrl(url)}`;
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `${where} did not answer within ${ANSWER_TIMEOUT_MS / 1000} s: check ${setting}, and how it fares.`;
  }
  const code = codeOf(error);
  if (TLS_TROUBLE.test(code)) {
    return `${where} and this machine do not agree on TLS (${code}): check ${setting} and its certificate; an authority of your own goes into NODE_EXTRA_CA_CERTS.`;
  }
  return `${where} cannot be reached (${code}): check ${setting}, and whether it runs.`;
}

/** `fetch` gives the reason in the innermost cause. If it tried several addresses, the first reason counts. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'no reason';
  if ('cause' in error && error.cause !== undefined) return codeOf(error.cause);
  if ('code' in error && typeof error.code === 'string') return error.code;
  if ('errors' in error && Array.isArray(error.errors)) return codeOf(error.errors[0]);
  return 'no reason';
}
