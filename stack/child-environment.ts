/** What any program needs to find its files, certificates and language; no setting and no secret among them. */
const BASE = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'LANG',
  'LC_ALL',
  'TZ',
  'NODE_EXTRA_CA_CERTS',
  'NODE_COMPILE_CACHE',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]);

/** How to get out to the internet: for a program that downloads, or calls a partner who is really outside. */
const NETWORK = new Set([
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_USE_ENV_PROXY',
]);

type Environment = Record<string, string | undefined>;

export function baseEnvironment(from: Environment): Record<string, string> {
  return pick(from, (name) => BASE.has(name));
}

/** The base and what reaches the internet, besides the variables whose names begin so. */
export function environmentWith(from: Environment, prefixes: string[]): Record<string, string> {
  return pick(
    from,
    (name) => BASE.has(name) || NETWORK.has(name) || prefixes.some((prefix) => name.startsWith(prefix)),
  );
}

function pick(from: Environment, isWanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(from).flatMap(([name, value]) => (value !== undefined && isWanted(name) ? [[name, value]] : [])),
  );
}
