import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startHttpServer } from '../support/loopback-servers.ts';

/** An identity provider, with only the parts that the codec server uses. */
export interface TokenIssuer {
  /** The URL of the provider's public keys. */
  keysUrl: string;
  issuer: string;
  /** An access token for this audience, valid for a minute. */
  token(audience: string): Promise<string>;
  close(): Promise<void>;
}

const ISSUER = 'https://identity-provider.example/';
const ALGORITHM = 'ES256';

export async function startTokenIssuer(): Promise<TokenIssuer> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: ALGORITHM }] });
  const server = await startHttpServer((response) => response.setHeader('content-type', 'application/json').end(keys));
  return {
    keysUrl: `${server.url}/keys`,
    issuer: ISSUER,
    token: (audience) =>
      new SignJWT()
        .setProtectedHeader({ alg: ALGORITHM, kid: 'one' })
        .setIssuer(ISSUER)
        .setAudience(audience)
        .setSubject('agent-7')
        .setExpirationTime('1 minute')
        .sign(privateKey),
    close: () => server.close(),
  };
}
