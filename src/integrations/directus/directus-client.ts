import { createDirectus, isDirectusError, rest, staticToken } from '@directus/sdk';
import type { DirectusClient, RestClient, RestCommand } from '@directus/sdk';
import { z } from 'zod';
import { parseRetryAfterMs } from '../retry-after.ts';
import type { DirectusSchema } from './collections.ts';
import {
  DirectusError,
  DirectusForbiddenError,
  DirectusNotUniqueError,
  DirectusRejectedError,
  DirectusUnavailableError,
} from './errors.ts';

export interface DirectusConnectionOptions {
  url: string;
  /** Static token of the service account. */
  token: string;
  /** For a whole call, from connecting to the last byte of the answer. */
  timeoutMs: number;
  /** Called after every call, with its duration and, if it failed, its error. */
  observe?: (call: { seconds: number; error: DirectusError | undefined }) => void;
  /** Makes the requests, instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

export interface DirectusConnection {
  /** @throws {DirectusError} */
  request<Output>(command: RestCommand<Output, DirectusSchema>): Promise<Output>;
}

/** Asks Directus not to answer from its cache. Directus obeys only with CACHE_SKIP_ALLOWED: `npm run doctor` checks. */
export const pastTheCache = { 'cache-control': 'no-store' };

/** The SDK's client, with what the SDK lacks: a time-out, and a class of error for each way in which callers react. */
export function connectDirectus(options: DirectusConnectionOptions): DirectusConnection {
  const { url, token, timeoutMs, observe, fetch = globalThis.fetch } = options;
  const client: DirectusClient<DirectusSchema> & RestClient<DirectusSchema> = createDirectus<DirectusSchema>(url, {
    globals: {
      fetch: (input: string | URL, init?: RequestInit) =>
        jsonOf(
          fetch(input, {
            ...init,
            headers: { ...(init?.headers as Record<string, string> | undefined), ...pastTheCache },
            redirect: 'manual',
            signal: AbortSignal.timeout(timeoutMs),
          }),
        ),
    },
  })
    .with(staticToken(token))
    .with(rest());
  return {
    async request(command) {
      const startMs = performance.now();
      let failure: DirectusError | undefined;
      try {
        return await client.request(command);
      } catch (error) {
        failure = explain(error, timeoutMs);
        throw failure;
      } finally {
        observe?.({ seconds: (performance.now() - startMs) / 1000, error: failure });
      }
    },
  };
}

/** The SDK takes an answer without JSON, such as a proxy's 502, for a success with no data. */
async function jsonOf(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  const isJson = response.headers.get('content-type')?.toLowerCase().startsWith('application/json') ?? false;
  if (isJson || response.status === 204) return response;
  await response.body?.cancel();
  throw new DirectusUnavailableError(`Something other than Directus answered at its address (${response.status}).`, {
    retryAfterMs: retryAfterOf(response),
  });
}

function explain(error: unknown, timeoutMs: number): DirectusError {
  if (error instanceof DirectusError) return error;
  if (!hasErrors(error) || !isDirectusError(error)) {
    const timedOut = isTimeout(error) || (hasErrors(error) && isTimeout(error.errors));
    return new DirectusUnavailableError(
      timedOut ? `Directus did not answer within ${timeoutMs} ms.` : 'Directus cannot be reached.',
      { cause: error },
    );
  }
  const { status } = error.response;
  // A proxy in front of Directus may send errors of its own, without a code.
  const codes = error.errors.map((entry) => entry.extensions?.code ?? '');
  const notUnique = error.errors.find((entry) => entry.extensions?.code === 'RECORD_NOT_UNIQUE');
  if (notUnique) return new DirectusNotUniqueError(fieldIn(notUnique.extensions));
  if (status === 401 || status === 403) {
    const message = `Directus refused our credential (${status}): its token or its permissions are wrong.`;
    return status === 403 ? new DirectusForbiddenError(message) : new DirectusUnavailableError(message);
  }
  if (status === 408 || status === 429 || status >= 500) {
    const retryAfterMs = retryAfterOf(error.response);
    return new DirectusUnavailableError(`Directus answered ${status}.`, { status, retryAfterMs });
  }
  // Directus repeats values of the row in its message, but not in its code.
  const code = codes.find((candidate) => /^[A-Z_]+$/.test(candidate)) ?? 'no code';
  return new DirectusRejectedError(`Directus refused the request (${status} ${code}).`);
}

/** The refused field as `collection.field`. Directus also sends the refused value, which is left out. */
function fieldIn(extensions: Record<string, unknown>): string {
  const { success, data } = refusedField.safeParse(extensions);
  return success ? `${data.collection}.${data.field}` : 'a field that it does not name';
}

const refusedField = z.object({
  collection: z.string().regex(/^\w{1,64}$/),
  // Several names, if the fields must be unique together.
  field: z.string().regex(/^\w[\w, ]{0,255}$/),
});

/** The SDK puts any answer into `errors`, even an empty list, and its own `isDirectusError` throws on an empty list. */
function hasErrors(error: unknown): error is { errors: unknown } {
  if (typeof error !== 'object' || error === null || !('errors' in error)) return false;
  return !Array.isArray(error.errors) || error.errors.length > 0;
}

function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'TimeoutError';
}

function retryAfterOf(response: Response): number | undefined {
  return parseRetryAfterMs(response.headers.get('retry-after'), new Date());
}
