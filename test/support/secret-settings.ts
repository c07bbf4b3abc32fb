import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** What the names of settings end with that hold a secret, or lead to the file that does. */
const SECRET_NAME = /(?:_KEYS?|_TOKEN|_PASSWORD|_SECRET|_SEGMENT|_HEADERS|_AUTH|_KEY_PATH|_KEY_DATA)$/;

/** Every setting with a secret that our programs or the compose file know, by its name. */
export function secretSettings(): string[] {
  const example = readFileSync(new URL('.env.example', root), 'utf8').matchAll(/^#?([A-Z][A-Z_]*)=/gm);
  const compose = readFileSync(new URL('docker-compose.yml', root), 'utf8').matchAll(/\$\{([A-Z][A-Z_]*)/g);
  const names = [...example, ...compose].map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => SECRET_NAME.test(name)).toSorted();
}
