import { customEndpoint } from '@directus/sdk';
import {
  connectAsAdministrator,
  LicenceLimitError,
  type AdministrationOptions,
} from '../../src/integrations/directus/schema/administration.ts';
import { supportLeadRole } from '../../src/integrations/directus/schema/apply-support.ts';
import { ensureRow } from '../../src/integrations/directus/schema/role-with-policy.ts';

/** How a person logs in to Data Studio. */
export interface SupportLogin {
  email: string;
  password: string;
}

/** A fixed id: every start finds the same user, even if a person has renamed something. */
const USER = 'c00c0000-0000-4000-8000-0000000000c4';

const TIMEOUT_MS = 10_000;

/**
 * Makes sure that a user with the role of support leads exists, is active and has exactly this email and password. The
 * password is written only if it differs, because writing it ends the user's sessions.
 *
 * @returns the login; undefined, with a line in the log, if Directus has no seat left, because other users keep theirs.
 */
export async function ensureSupportUser(
  options: AdministrationOptions & { login: SupportLogin; log: (line: string) => void },
): Promise<SupportLogin | undefined> {
  const { url, login, log } = options;
  const directus = connectAsAdministrator(options);
  const user = {
    id: USER,
    email: login.email,
    first_name: 'Support',
    role: supportLeadRole.ids.role,
    status: 'active',
  };
  try {
    for (const line of await ensureRow(directus, 'support user', '/users', user)) log(line);
  } catch (error) {
    if (!(error instanceof LicenceLimitError)) throw error;
    log(`support user: left out. ${error.message}`);
    return undefined;
  }
  if (!(await isPassword(url, login))) {
    const body = JSON.stringify({ password: login.password });
    await directus.request(customEndpoint({ path: `/users/${USER}`, method: 'PATCH', body }));
    log('support user, password: changed');
  }
  return login;
}

/** Directus never shows a password, so the way to compare it is to use it. */
async function isPassword(url: string, login: SupportLogin): Promise<boolean> {
  const answer = await post(`${url}/auth/login`, { ...login, mode: 'json' });
  const { data, errors } = (await answer.json()) as {
    data?: { refresh_token: string };
    errors?: { extensions: { code: string } }[];
  };
  if (data !== undefined) await post(`${url}/auth/logout`, { refresh_token: data.refresh_token, mode: 'json' });
  const [code] = (errors ?? []).map(({ extensions }) => extensions.code);
  // Directus asks for a second factor only after the right password.
  if (answer.ok || code === 'INVALID_OTP') return true;
  if (code === 'INVALID_CREDENTIALS') return false;
  throw new Error(`Directus let nobody log in (${answer.status} ${code}).`);
}

function post(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}
