import type { FastifyInstance } from 'fastify';

/**
 * Notes every route that is registered after it.
 *
 * @returns which methods the path of an address knows, joined as `Allow` wants them; `undefined` if there is none.
 */
export function noteAddresses(app: FastifyInstance): (url: string) => string | undefined {
  const addresses = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
    const address = addresses.get(url) ?? { pattern, methods: new Set() };
    addresses.set(url, address);
    for (const one of [method].flat()) address.methods.add(one);
  });
  return (url) => {
    const [path = ''] = url.split(/[?#]/);
    const found = [...addresses.values()].find(({ pattern }) => pattern.test(path));
    return found && [...found.methods].toSorted().join(', ');
  };
}
