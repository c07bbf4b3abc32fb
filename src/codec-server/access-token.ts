import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';

/** Which issuer and audience an access token must have, and which subjects may use the server. */
export interface TokenSettings {
  issuer: string;
  audience: string;
  /** Where the issuer publishes its keys (JWKS). */
  keysUrl: string;
  /** `undefined`: everybody to whom the issuer gives a token for this audience may use the server. */
  subjects: string[] | undefined;
}

/** The request has no valid access token. `message` is for the caller, and repeats nothing that was sent. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}

/** The token is valid, but its subject may not use the server. */
export class SubjectRefusedError extends Error {
  override readonly name = 'SubjectRefusedError';
}

/** The keys that check tokens cannot be fetched at the moment. The token itself may be valid. */
export class TokenKeysUnavailableError extends Error {
  override readonly name = 'TokenKeysUnavailableError';
}

/**
 * Only signatures with a key pair: a published key can check them, but cannot make them. With a shared secret,
 * everybody who knows the published key could make tokens. The library by itself takes no shared secret from a
 * published key set; this list says so explicitly.
 */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** How far the clocks of two machines with NTP may differ. */
const CLOCK_TOLERANCE_S = 5;
/** A person waits for a page meanwhile. */
const KEYS_TIMEOUT_MS = 3_000;

/**
 * @returns a function that checks an `Authorization` header and resolves to the token's `sub`.
 *   It throws {TokenRefusedError}, {SubjectRefusedError} or {TokenKeysUnavailableError}.
 */
export function createTokenCheck(settings: TokenSettings): (header: string | undefined) => Promise<string> {
  const { issuer, audience, keysUrl } = settings;
  const subjects = settings.subjects && new Set(settings.subjects);
  const keys = publishedKeys(new URL(keysUrl));
  return async (header) => {
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1];
    if (token === undefined) throw new TokenRefusedError('Send Authorization: Bearer <an access token>.');
    const sub = await subjectOf(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ['exp', 'sub'],
    });
    if (subjects !== undefined && !subjects.has(sub)) {
      throw new SubjectRefusedError('Ask whoever runs the codec server to let you in.');
    }
    return sub;
  };
}

async function subjectOf(token: string, keys: JWTVerifyGetKey, options: Parameters<typeof jwtVerify>[2]) {
  try {
    const { payload } = await jwtVerify<{ sub: unknown }>(token, keys, options);
    if (typeof payload.sub === 'string' && payload.sub !== '') return payload.sub;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new TokenRefusedError('The access token has expired: log in again.');
    if (error instanceof errors.JOSEError) throw new TokenRefusedError('This is no access token for the codec server.');
    throw error;
  }
  throw new TokenRefusedError('The access token does not say whose it is.');
}

/** The issuer's keys. They are fetched when they are needed, and again when a token names an unknown key. */
function publishedKeys(url: URL): JWTVerifyGetKey {
  const find = createRemoteJWKSet(url, { timeoutDuration: KEYS_TIMEOUT_MS });
  return async (header, token) => {
    try {
      return await find(header, token);
    } catch (error) {
      // The token names an unknown key, names no key where several fit, or needs what the library does not support.
      const isTokensFault =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      if (isTokensFault) throw error;
      throw new TokenKeysUnavailableError('Whether the access token is good cannot be told now. Try again.', {
        cause: error,
      });
    }
  };
}
