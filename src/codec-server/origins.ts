import cors from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { standardHeaders } from '../runtime/request-id.ts';
import { problems } from './problems.ts';

/** What the Temporal UI sends with a request; the last one, its ID token, is not looked at. */
const UI_HEADERS = ['content-type', 'x-namespace', 'authorization', 'authorization-extras'];
/** So that a page of a hundred payloads asks once; a change of the settings is seen soon. */
const PREFLIGHT_MAX_AGE_S = 600;

/**
 * Lets pages of these origins use the server, and refuses a request from any other page, whatever it asks for. Browsers
 * say `Origin` with every POST, and no page can leave it out: a request without one is from a program.
 *
 * Cookies are not asked for: the UI sends a token or nothing.
 *
 * @param uiOrigins as browsers write them: `https://temporal.example`.
 * @returns the check alone, for a request that passes no hook.
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
