import { randomUUID } from 'node:crypto';
import { collections, orderFields } from '../../integrations/directus/collections.ts';
import type { Check, Verdict } from './checks.ts';
import type { DirectusAccess } from './directus-access.ts';
import type { HttpAnswer } from './http-access.ts';

const WHAT_STALE_READS_DO =
  'The worker could miss an order that is there, and support staff may see old data. Set CACHE_ENABLED=false in Directus, or CACHE_SKIP_ALLOWED=true: the worker asks for what is stored now.';

/**
 * Whether Directus answers with what is stored now, and not from a cache. Its header `Cache-Control` tells, so the
 * check changes nothing. Several Directus processes, each with a cache in memory, look as if they had no cache.
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
          finding: 'A cache between here and Directus answers in its place.',
          advice: 'Exclude paths below /items/ from the cache, or set DIRECTUS_URL to where Directus itself listens.',
        };
      }
      // If changes of orders do not purge the cache, Directus lets Data Studio past the cache, and its header says so.
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

/** Whether the headers have a mark by which proxies and content networks say that they answered from a cache. */
function isFromBetween({ headers }: HttpAnswer): boolean {
  const marks = ['x-cache', 'x-cache-status', 'cf-cache-status', 'cache-status', 'x-proxy-cache'];
  return headers.has('age') || marks.some((name) => /\bhit\b/i.test(headers.get(name) ?? ''));
}
