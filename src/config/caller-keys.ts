import { list, secret } from './environment.ts';

/** A key of a caller of the gateway, and the name under which logs and metrics have that caller. */
export interface CallerKey {
  caller: string;
  key: string;
}

/** A key that can be guessed is none, in production or elsewhere. */
const SHORTEST_KEY = 16;
/** Of callers whose keys have no name: they count as one. */
const UNNAMED = 'unnamed';
/** Metrics have requests with no key under this one. */
const NOBODY = 'none';
const NAMED_KEY = /^(?:(?<caller>[a-z][a-z0-9-]{0,39}):)?(?<key>[^:]+)$/;

/** One or more keys, each perhaps with the name of its caller before it: `checkout-web:<key>,checkout-app:<key>`. */
export function callerKeys() {
  return list((text) => {
    const { caller, key } = callerKeyOf(text);
    return caller !== NOBODY && key.length >= SHORTEST_KEY && secret().safeParse(key).success;
  }, `must be one or more keys of at least ${SHORTEST_KEY} characters in printable ASCII without colons, separated by commas, each alone or after the name of its caller, in lower case and not "none", and a colon`)
    .transform((texts) => withoutUnnamedAgain(texts.map(callerKeyOf)))
    .refine((keys) => new Set(keys.map(({ key }) => key)).size === keys.length, 'must have no key under two names');
}

/** Compose files put lists together: a key with a name may come once more without. */
function withoutUnnamedAgain(keys: CallerKey[]): CallerKey[] {
  return keys.filter(
    ({ caller, key }, index) =>
      !keys.some((other, at) => other.key === key && (caller === other.caller ? at < index : caller === UNNAMED)),
  );
}

function callerKeyOf(text: string): CallerKey {
  const { caller = UNNAMED, key = '' } = NAMED_KEY.exec(text)?.groups ?? {};
  return { caller, key };
}
