import cors from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { standardHeaders } from '../runtime/request-id.ts';
import { problems } from './problems.ts';

/** The headers that the Temporal UI sends. The server ignores the last one, the UI's ID token. */
const UI_HEADERS = ['content-type', 'x-namespace', 'authorization', 'authorization-extras'];
/** Long enough that a page with a hundred payloads asks once; short enough that changed settings apply soon. */
const PREFLIGHT_MAX_AGE_S = 600;

/**
 * Lets pages of these origins use the server, and refuses every request from any other page. Browsers send `Origin`
 * with every POST, and no page can leave it out. So a request without `Origin` is from a program, and passes.
 *
 * The server does not use cookies: the UI sends a token or nothing.
 *
 * @param uiOrigins as browsers write them: `https://temporal.example`.
 * @returns the check itself, for requests for which no hook runs.
 */
export async function allowOrigins(app: FastifyInstance, uiOrigins: string[]) {
  const allowed = new Set(uiOrigins);
  const refuseForeign = (request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined => {
    void reply.headers(standardHeaders(request.id)).header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || allowed.has(origin)) return undefined;
    return problems.send(reply, { code: 'OriginNotAllowed', detail: 'See CODEC_SERVER_UI_ORIGINS.' });
  };
  app.addHook('onRequest', async (request, reply) => refuseForeign(request, reply));
  await app.register(cors, {
    origin: uiOrigins,
    methods: ['POST'],
    allowedHeaders: UI_HEADERS,
    maxAge: PREFLIGHT_MAX_AGE_S,
    strictPreflight: false,
  });
  return refuseForeign;
}
