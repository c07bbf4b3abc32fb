import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether an `Authorization` header carries one of the keys. Digests are compared, and all of them, so that the time it
 * takes tells nothing about a key.
 */
export function createCredentialCheck(apiKeys: string[]): (header: string | undefined) => boolean {
  const digests = apiKeys.map(digest);
  return (header) => {
    const given = digest(/^Bearer (.+)$/i.exec(header ?? '')?.[1] ?? '');
    return digests.filter((known) => timingSafeEqual(known, given)).length > 0;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
