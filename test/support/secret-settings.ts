import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** The endings of the names of settings that hold a secret, or the path of a file with a secret. */
const SECRET_NAME = /(?:_KEYS?|_TOKEN|_PASSWORD|_SECRET|_SEGMENT|_HEADERS|_AUTH|_KEY_PATH|_KEY_DATA)$/;

/** The names of all secret settings of our programs and of docker-compose.yml, sorted. */
export function secretSettings(): string[] {
  const example = readFileSync(new URL('.env.example', root), 'utf8').matchAll(/^#?([A-Z][A-Z_]*)=/gm);
  const compose = readFileSync(new URL('docker-compose.yml', root), 'utf8').matchAll(/\$\{([A-Z][A-Z_]*)/g);
  const names = [...example, ...compose].map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => SECRET_NAME.test(name)).toSorted();
}
