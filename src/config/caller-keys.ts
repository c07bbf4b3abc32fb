import { list, secret } from './environment.ts';

/** A caller's key for the gateway, and the caller's name in logs and metrics. */
export interface CallerKey {
  caller: string;
  key: string;
}

/** In characters. Shorter keys could be guessed, and are refused outside production, too. */
const SHORTEST_KEY = 16;
/** The name of all callers whose keys have no name. They count as one caller. */
const UNNAMED = 'unnamed';
/** The name in metrics of requests without a known key. So no caller may have this name. */
const NOBODY = 'none';
const NAMED_KEY = /^(?:(?<caller>[a-z][a-z0-9-]{0,39}):)?(?<key>[^:]+)$/;

/** One or more keys, each alone or after its caller's name: `checkout-web:<key>,checkout-app:<key>`. */
export function callerKeys() {
  return list((text) => {
    const { caller, key } = callerKeyOf(text);
    return caller !== NOBODY && key.length >= SHORTEST_KEY && secret().safeParse(key).success;
  }, `must be one or more keys of at least ${SHORTEST_KEY} characters in printable ASCII without colons, separated by commas, each alone or after the name of its caller, in lower case and not "none", and a colon`)
    .transform((texts) => withoutUnnamedAgain(texts.map(callerKeyOf)))
    .refine((keys) => new Set(keys.map(({ key }) => key)).size === keys.length, 'must have no key under two names');
}

/** Compose files join lists, so that a key may be repeated, with or without its name. The repetition is dropped. */
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
