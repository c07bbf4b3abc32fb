import { z } from 'zod';
import { collections } from '../../integrations/directus/collections.ts';
import type { Check, Verdict } from './checks.ts';
import { readData } from './directus-access.ts';
import type { DirectusAccess } from './directus-access.ts';
import type { HttpAnswer } from './http-access.ts';

/** In bytes. The body of an order holds its checkout (up to 64 KiB by the gateway), and its cart three times. */
const LEAST_BODY = 256 * 1024;
/** In bytes. The default limit of Directus, less some room for what a body holds beside the order. */
const USUAL_BODY = 1_000_000;

/** Rows that one order takes: one of its own, and one for each of its 50, or 500, lines. */
const LEAST_ROWS = 51;
const MANY_ROWS = 501;

/** Calls to Directus that one order takes if all goes well. */
const CALLS_OF_AN_ORDER = 4;
/** As many orders a second as one Directus carries with ease (docs/performance.md). */
const USUAL_ORDERS_PER_S = 10;

const rateLimitSchema = z.union([
  z.literal(false),
  z.object({ points: z.coerce.number().positive(), duration: z.coerce.number().positive() }),
]);

const infoSchema = z.object({
  rateLimit: rateLimitSchema.default(false),
  rateLimitGlobal: rateLimitSchema.default(false),
});

interface Limit {
  verdict: 'warning' | 'problem';
  finding: string;
  advice: string;
}

/**
 * Whether a setting of Directus stops large orders, or many orders. Most of these settings show only when Directus
 * refuses a request. So the check sends requests that cannot change anything, whoever sends them.
 */
export function directusLimitsCheck(directus: () => DirectusAccess): Check {
  return {
    name: 'directus-limits',
    needs: ['directus-schema'],
    async run() {
      const access = directus();
      const limits = [await findBodyLimit(access), await findRowLimit(access), await findRateLimit(access)];
      return verdictOf(limits.filter((limit) => limit !== undefined));
    },
  };
}

function verdictOf(limits: Limit[]): Verdict {
  if (limits.length === 0)
    return { verdict: 'ok', finding: 'Directus takes orders as large and as many as they come.' };
  return {
    verdict: limits.some(({ verdict }) => verdict === 'problem') ? 'problem' : 'warning',
    finding: limits.map(({ finding }) => finding).join(' '),
    advice: limits.map(({ advice }) => advice).join(' '),
  };
}

/** `SEARCH` only reads. Blanks make its body as large as the body of an order may be. */
async function findBodyLimit({ send }: DirectusAccess): Promise<Limit | undefined> {
  const isRefused = async (size: number) => {
    const body = JSON.stringify({ query: { fields: ['id'], filter: { id: { _null: true } }, limit: 1 } });
    return saysTooLarge(await send('SEARCH', `/items/${collections.orders}`, body.padEnd(size)));
  };
  if (!(await isRefused(USUAL_BODY))) return undefined;
  const isTooSmall = await isRefused(LEAST_BODY);
  return {
    verdict: isTooSmall ? 'problem' : 'warning',
    finding: `Directus, or what stands before it, refuses a request of ${isTooSmall ? LEAST_BODY : USUAL_BODY} bytes: an order with a large cart or address cannot be written.`,
    advice: 'Set MAX_PAYLOAD_SIZE in Directus to 1mb or more, and the same in what stands before it.',
  };
}

/** Directus counts the rows of a change before it looks for them. The ids are no UUIDs, so no order has them. */
async function findRowLimit({ send }: DirectusAccess): Promise<Limit | undefined> {
  const isRefused = async (rows: number) => {
    const body = JSON.stringify({ keys: Array.from({ length: rows }, () => 'none'), data: {} });
    return saysTooLarge(await send('PATCH', `/items/${collections.orders}`, body));
  };
  if (!(await isRefused(MANY_ROWS))) return undefined;
  const isTooSmall = await isRefused(LEAST_ROWS);
  return {
    verdict: isTooSmall ? 'problem' : 'warning',
    finding: `Directus refuses to write an order with ${(isTooSmall ? LEAST_ROWS : MANY_ROWS) - 1} lines.`,
    advice: 'Leave MAX_BATCH_MUTATION of Directus unset, or set it to more than the lines of the largest cart.',
  };
}

async function findRateLimit({ get }: DirectusAccess): Promise<Limit | undefined> {
  const info = readData(infoSchema, await get('/server/info'), 'its limits');
  const limits = [
    { setting: 'RATE_LIMITER_POINTS', who: 'one address', limit: info.rateLimit },
    { setting: 'RATE_LIMITER_GLOBAL_POINTS', who: 'all together', limit: info.rateLimitGlobal },
  ].flatMap(({ setting, who, limit }) => {
    if (limit === false) return [];
    const ordersPerS = limit.points / limit.duration / CALLS_OF_AN_ORDER;
    return ordersPerS < USUAL_ORDERS_PER_S ? [{ setting, who, ordersPerS }] : [];
  });
  if (limits.length === 0) return undefined;
  return {
    verdict: 'warning',
    finding: limits
      .map(({ who, ordersPerS }) => `Directus takes the requests of ${ordersPerS} orders a second from ${who}.`)
      .join(' '),
    advice: `Orders beyond the limit must wait: raise ${limits.map(({ setting }) => setting).join(' and ')} of Directus.`,
  };
}

const errorsSchema = z.object({
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).min(1),
});

function saysTooLarge({ status, json }: HttpAnswer): boolean {
  const { data } = errorsSchema.safeParse(json);
  return (
    status === 413 ||
    (status === 400 && (data?.errors.some(({ extensions }) => extensions.code === 'INVALID_PAYLOAD') ?? false))
  );
}
