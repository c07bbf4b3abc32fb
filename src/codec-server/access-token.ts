import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';

/** By whom an access token must have been made, for whom, and who may come with one. */
export interface TokenSettings {
  issuer: string;
  audience: string;
  /** Where the issuer publishes its keys (JWKS). */
  keysUrl: string;
  /** Not set: everybody to whom the issuer gives a token for this audience. */
  subjects: string[] | undefined;
}

/** What was sent is no access token for us. `message` is for the caller, and repeats nothing of it. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}

/** The token is good, and whose it is may not come in. */
export class SubjectRefusedError extends Error {
  override readonly name = 'SubjectRefusedError';
}

/** Whether a token is good can't be told at the moment: it is no fault of the token. */
export class TokenKeysUnavailableError extends Error {
  override readonly name = 'TokenKeysUnavailableError';
}

/**
 * Signatures alone whose key can't make them, too: with a shared secret, a published key would be one. The library takes no
 * others from a published set by itself; here it is said.
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
/** Clocks of two machines that are kept by NTP. */
const CLOCK_TOLERANCE_S = 5;
/** Somebody looks at a page meanwhile. */
const KEYS_TIMEOUT_MS = 3_000;

/**
 * @returns a check of an `Authorization` header. It gives `sub` of the token.
 * @throws from the check: {TokenRefusedError}, {SubjectRefusedError} or {TokenKeysUnavailableError}.
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

/** Fetched when they are needed, and again when a token names one that is not among them. */
function publishedKeys(url: URL): JWTVerifyGetKey {
  const find = createRemoteJWKSet(url, { timeoutDuration: KEYS_TIMEOUT_MS });
  return async (header, token) => {
    try {
      return await find(header, token);
    } catch (error) {
      // It names a key that there is not, or none where there are several.
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
