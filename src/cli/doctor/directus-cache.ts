import { randomUUID } from 'node:crypto';
import { collections, orderFields } from '../../integrations/directus/collections.ts';
import type { Check, Verdict } from './checks.ts';
import type { DirectusAccess } from './directus-access.ts';
import type { HttpAnswer } from './http-access.ts';

const WHAT_STALE_READS_DO =
  'The worker could miss an order that is there, and support staff see what was. Set CACHE_ENABLED=false in Directus, or CACHE_SKIP_ALLOWED=true: the worker asks for what is stored now.';

/**
 * Whether Directus answers what is stored, and not what it answered before. It says so itself, in `Cache-Control`:
 * nothing has to be changed to see it. Several Directus with a cache each, in memory, look as if there were none.
 */
export function directusCacheCheck(directus: () => DirectusAccess): Check {
  return {
    name: 'directus-cache',
    needs: ['directus-permissions'],
    async run() {
      const { get, publicUrl } = directus();
      const query = new URLSearchParams({
        fields: orderFields.id,
        filter: JSON.stringify({ [orderFields.id]: { _eq: randomUUID() } }),
      });
      const path = `/items/${collections.orders}?${query.toString()}`;
      await get(path);
      const repeated = await get(path);
      if (isFromBetween(repeated)) {
        return {
          verdict: 'problem',
          finding: 'Something between here and Directus keeps its answers and gives them again.',
          advice: 'Make it pass on what is below /items/, or set DIRECTUS_URL to where Directus itself listens.',
        };
      }
      // Where a cache is on that orders are not purged from, Directus lets Data Studio past it, and says so.
      const forDataStudio = await get(path, {
        'cache-control': '',
        referer: `${publicUrl.replace(/\/+$/, '')}/admin/`,
      });
      return judge(directive(repeated), directive(forDataStudio));
    },
  };
}

function judge(toUs: string | null, toDataStudio: string | null): Verdict {
  if (toUs === null) {
    return {
      verdict: 'not checked',
      finding: 'Directus does not tell whether it keeps its answers: something has taken its Cache-Control away.',
      advice: 'Make sure that CACHE_ENABLED is false in Directus.',
    };
  }
  if (toUs.includes('max-age')) {
    return {
      verdict: 'problem',
      finding: `Directus keeps its answers for a while (${toUs}).`,
      advice: WHAT_STALE_READS_DO,
    };
  }
  if (toUs.includes('no-store')) {
    return { verdict: 'ok', finding: 'Directus has a cache, and lets the worker past it.' };
  }
  if (toDataStudio?.includes('no-store')) {
    return {
      verdict: 'problem',
      finding: 'Directus keeps its answers, and changes of orders do not count (CACHE_AUTO_PURGE_IGNORE_LIST).',
      advice: WHAT_STALE_READS_DO,
    };
  }
  return { verdict: 'ok', finding: 'Directus keeps no answers, or drops them at every change.' };
}

function directive({ headers }: HttpAnswer): string | null {
  return headers.get('cache-control');
}

/** Marks that proxies and content networks leave on what they have kept. */
function isFromBetween({ headers }: HttpAnswer): boolean {
  const marks = ['x-cache', 'x-cache-status', 'cf-cache-status', 'cache-status', 'x-proxy-cache'];
  return headers.has('age') || marks.some((name) => /\bhit\b/i.test(headers.get(name) ?? ''));
}
