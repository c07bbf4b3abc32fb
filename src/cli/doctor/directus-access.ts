import { z } from 'zod';
import { parseEnvironment, secret } from '../../config/environment.ts';
import { workerVariables } from '../../config/worker-settings.ts';
import { pastTheCache } from '../../integrations/directus/directus-client.ts';
import { askHttp, HttpAccessError, shownUrl } from './http-access.ts';
import type { HttpAnswer } from './http-access.ts';

export const directusVariables = workerVariables
  .pick({ DIRECTUS_URL: true, DIRECTUS_TOKEN: true, DIRECTUS_PUBLIC_URL: true })
  .extend({
    /** If set, the doctor makes Directus look at its database anew, and counts the active flows. */
    DIRECTUS_ADMIN_TOKEN: secret().optional(),
  });

/** Requests to Directus, made as the worker makes them. */
export interface DirectusAccess {
  /** The address as it may be printed. */
  url: string;
  /** The address that people use, from which Data Studio sends its requests. */
  publicUrl: string;
  /** `GET`, with the worker's token. @throws {HttpAccessError} */
  get: (path: string, headers?: Record<string, string>) => Promise<HttpAnswer>;
  /** Any request with a body of JSON, with the worker's token. @throws {HttpAccessError} */
  send: (method: string, path: string, body: string) => Promise<HttpAnswer>;
  /** `GET`, with the administrator's token; `undefined` if no such token is set. @throws {HttpAccessError} */
  getAsAdministrator: (path: string) => Promise<HttpAnswer | undefined>;
  /** `POST`, with the administrator's token; `undefined` if no such token is set. @throws {HttpAccessError} */
  postAsAdministrator: (path: string) => Promise<HttpAnswer | undefined>;
}

/** @throws {SettingsError} */
export function openDirectusAccess(environment: NodeJS.ProcessEnv): DirectusAccess {
  const variables = parseEnvironment(directusVariables, environment);
  const { DIRECTUS_URL: url, DIRECTUS_TOKEN: token, DIRECTUS_ADMIN_TOKEN: adminToken } = variables;
  const service = { name: 'Directus', url, setting: 'DIRECTUS_URL' };
  return {
    url: shownUrl(url),
    publicUrl: variables.DIRECTUS_PUBLIC_URL ?? url,
    get: (path, headers = {}) =>
      askHttp(service, path, { headers: { authorization: `Bearer ${token}`, ...pastTheCache, ...headers } }),
    send: (method, path, body) =>
      askHttp(service, path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...pastTheCache },
        body,
      }),
    async getAsAdministrator(path) {
      if (adminToken === undefined) return undefined;
      return askHttp(service, path, { headers: { authorization: `Bearer ${adminToken}` } });
    },
    async postAsAdministrator(path) {
      if (adminToken === undefined) return undefined;
      return askHttp(service, path, { method: 'POST', headers: { authorization: `Bearer ${adminToken}` } });
    },
  };
}

/** The data of an answer. @throws {HttpAccessError} the data does not have the form of `schema`. */
export function readData<Data>(schema: z.ZodType<Data>, { json, status }: HttpAnswer, what: string): Data {
  const parsed = z.object({ data: schema }).safeParse(json);
  if (parsed.success) return parsed.data.data;
  throw new HttpAccessError(`Directus does not tell ${what} (${status}): look into its log.`);
}
