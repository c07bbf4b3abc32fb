import { createDirectus, isDirectusError, rest, staticToken } from '@directus/sdk';
import type { RestCommand } from '@directus/sdk';
import type { DirectusSchema } from '../collections.ts';

export interface AdministrationOptions {
  url: string;
  /** Static token of an administrator. */
  adminToken: string;
}

export interface Administration {
  /** @throws {AdministrationError} with one sentence that a person can act on. */
  request<Output>(command: RestCommand<Output, DirectusSchema>): Promise<Output>;
}

/** A request of an administrator failed. The message holds no secret. */
export class AdministrationError extends Error {
  override readonly name = 'AdministrationError';
}

/** Directus does what was asked only with a licence, or with a larger one. */
export class LicenceLimitError extends AdministrationError {
  /** @param category what the licence limits, such as `seats`. */
  constructor(category: string, options: ErrorOptions) {
    super(`The licence of Directus allows no more ${category}.`, options);
  }
}

/** Long, because altering a large table takes time. If nobody listens at the address, the request fails sooner. */
const TIMEOUT_MS = 120_000;

/** Directus answers this path without a body, but with status 200 instead of 204. */
export const CLEAR_CACHES_PATH = '/utils/cache/clear';

/** Connects to Directus with an administrator's token. */
export function connectAsAdministrator({ url, adminToken }: AdministrationOptions): Administration {
  const client = createDirectus<DirectusSchema>(url, {
    globals: {
      fetch: (input: string | URL, init?: RequestInit) => fetchJson(url, input, init),
    },
  })
    .with(staticToken(adminToken))
    .with(rest());
  return {
    async request(command) {
      try {
        return await client.request(command);
      } catch (error) {
        throw explain(error, url);
      }
    },
  };
}

/** The SDK takes an answer without JSON, such as a proxy's page, for a success with no data. */
async function fetchJson(url: string, input: string | URL, init: RequestInit | undefined): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  const isEmptied = response.status === 200 && new URL(input).pathname.endsWith(CLEAR_CACHES_PATH);
  if (isJson || response.status === 204 || isEmptied) return response;
  await response.body?.cancel();
  throw new AdministrationError(`Something other than Directus answers at ${url} (${response.status}).`);
}

function explain(error: unknown, url: string): AdministrationError {
  if (error instanceof AdministrationError) return error;
  if (!isDirectusError(error)) {
    return new AdministrationError(`Directus cannot be reached at ${url} (${networkReason(error)}).`, { cause: error });
  }
  const { status } = error.response;
  if (status === 401) return new AdministrationError(`Directus at ${url} does not know the administrator's token.`);
  const [reason] = error.errors;
  const { code, category, collection, field } = (reason?.extensions ?? {}) as Record<string, unknown>;
  if (code === 'LIMIT_EXCEEDED') return new LicenceLimitError(String(category), { cause: error });
  if (status === 403) return new AdministrationError(`The token for Directus at ${url} is not an administrator's.`);
  if (code === 'RECORD_NOT_UNIQUE') {
    return new AdministrationError(
      `Several rows of ${String(collection)} have the same ${String(field)}, which must be unique: correct them and try again.`,
      { cause: error },
    );
  }
  return new AdministrationError(`Directus refused (${status}): ${reason?.message ?? 'it gave no reason'}`, {
    cause: error,
  });
}

function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (typeof cause === 'object' && cause !== null && 'code' in cause) return String(cause.code);
  if (cause instanceof Error) return cause.message;
  return error.name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : error.message;
}
