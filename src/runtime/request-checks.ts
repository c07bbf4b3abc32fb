import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contradictoryHeader } from './header-values.ts';
import type { HttpProblemCode, Problems } from './problem.ts';
import { standardHeaders } from './request-id.ts';
import { parseStrictJson } from './strict-json.ts';

interface RequestChecks {
  problems: Problems<HttpProblemCode>;
  /** Tells a person which addresses exist. It is the `detail` of `NotFound`. */
  whereToGo: string;
  /**
   * Whether a wrong method at this address is answered with `NotFound` instead of `MethodNotAllowed`, so that the
   * caller does not learn that the address exists. No other answer depends on it.
   */
  hides?: (url: string) => boolean;
}

/** Adds the checks that every request must pass before its body is read. Must be called before any route is added. */
export function checkRequests(app: FastifyInstance, { problems, whereToGo, hides }: RequestChecks): void {
  app.decorateReply('outcomeCode');
  const allowedAt = noteAddresses(app);
  const sendNothingHere = (request: FastifyRequest, reply: FastifyReply) => {
    const allow = hides?.(request.url) === true ? undefined : allowedAt(request.url);
    if (allow === undefined) return problems.send(reply, { code: 'NotFound', detail: whereToGo });
    void reply.header('allow', allow);
    return problems.send(reply, { code: 'MethodNotAllowed', detail: `This address knows ${allow}.` });
  };
  app.setNotFoundHandler(sendNothingHere);

  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(standardHeaders(request.id));
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      return problems.send(reply, { code: 'MalformedRequest', detail: 'Send the header Host.' });
    }
    const contradiction = contradictoryHeader(request.raw);
    if (contradiction !== undefined) {
      const detail = `Two different values of ${contradiction} were sent. Send one.`;
      return problems.send(reply, { code: 'MalformedRequest', detail });
    }
    if (request.is404) return sendNothingHere(request, reply);
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      return problems.send(reply, { code: 'UnsupportedMediaType', detail: 'Send the body without Content-Encoding.' });
    }
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseStrictJson(body));
    } catch (error) {
      done(error as Error);
    }
  });
}

/**
 * Remembers every route that is registered after this call.
 *
 * @returns a function that gives the methods of an address in the form of the header `Allow`; `undefined` if no route
 *   has this address.
 */
function noteAddresses(app: FastifyInstance): (url: string) => string | undefined {
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
