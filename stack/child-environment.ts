import { fileURLToPath } from 'node:url';

type Environment = Record<string, string | undefined>;

/** Variables that any program needs to find its files, certificates and language. They hold no settings or secrets. */
const BASE = /^(PATH|HOME|USER|LOGNAME|TMPDIR|LANG|LC_ALL|TZ|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/;

/** Proxy settings: for a program that downloads something, or that calls a partner on the internet. */
const NETWORK = /^(HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy|NODE_USE_ENV_PROXY)$/;

/** Folder of a package `directus` to start instead of ours. `npm run test:directus-11` sets this variable. */
export const DIRECTUS_PACKAGE_VARIABLE = 'STACK_DIRECTUS_PACKAGE';

/** Where Node stores compiled code. With this cache, Directus starts in half the time. */
export const compileCache = {
  NODE_COMPILE_CACHE:
    process.env['NODE_COMPILE_CACHE'] ?? fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)),
};

export function baseEnvironment(from: Environment): Record<string, string> {
  return { ...compileCache, ...pick(from, (name) => BASE.test(name)) };
}

/** The base environment, the proxy settings, and all variables whose names begin with one of `prefixes`. */
export function environmentWith(from: Environment, prefixes: string[]): Record<string, string> {
  const isWanted = (name: string) => NETWORK.test(name) || prefixes.some((prefix) => name.startsWith(prefix));
  return { ...baseEnvironment(from), ...pick(from, isWanted) };
}

function pick(from: Environment, isWanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(from).flatMap(([name, value]) => (value !== undefined && isWanted(name) ? [[name, value]] : [])),
  );
}
