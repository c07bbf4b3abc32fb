import { z } from 'zod';
import type { Check, Verdict } from './checks.ts';
import { directusCacheCheck } from './directus-cache.ts';
import { openDirectusAccess } from './directus-access.ts';
import type { DirectusAccess } from './directus-access.ts';
import { directusFlowsCheck } from './directus-flows.ts';
import { directusLimitsCheck } from './directus-limits.ts';
import { directusPermissionsCheck } from './directus-permissions.ts';
import { directusSchemaChecks } from './directus-schema.ts';
import { shownUrl } from './http-access.ts';
import type { HttpAnswer } from './http-access.ts';
import { clockBehind, judgeClock } from './server-clock.ts';

/** The first version with policies, which the service account needs; and the versions that the tests run against. */
const OLDEST = { major: 11, minor: 0 };
const OLDEST_TESTED = { major: 11, minor: 17 };
const NEWEST_TESTED_MAJOR = 12;

/** Whether Directus can keep orders, and keeps each of them once. */
export function directusChecks(environment: NodeJS.ProcessEnv): Check[] {
  let opened: DirectusAccess | undefined;
  const directus = () => {
    opened ??= openDirectusAccess(environment);
    return opened;
  };
  return [
    {
      name: 'directus',
      needs: [],
      async run() {
        const { get, url } = directus();
        const answer = await get('/server/info');
        return refusalOf(answer, url) ?? judgeVersion(versionIn(answer), url);
      },
    },
    directusPermissionsCheck(directus),
    ...directusSchemaChecks(directus),
    directusCacheCheck(directus),
    directusLimitsCheck(directus),
    directusFlowsCheck(directus),
    {
      name: 'directus-clock',
      needs: ['directus'],
      async run() {
        return judgeClock(clockBehind(await directus().get('/server/ping')), {
          whose: 'Directus',
          isCountedOn: true,
          why: 'Directus dates an order, and from there the worker counts for how long RideNDine knows its key.',
        });
      },
    },
  ];
}

function refusalOf({ status, json }: HttpAnswer, url: string): Verdict | undefined {
  if (status >= 300 && status < 400) {
    return {
      verdict: 'problem',
      finding: `${shownUrl(url)} redirects (${status}), which the worker does not follow.`,
      advice: 'Set DIRECTUS_URL to where it leads.',
    };
  }
  if (json === undefined) {
    return {
      verdict: 'problem',
      finding: `Something other than Directus answers at ${url} (${status}).`,
      advice: 'Check DIRECTUS_URL, and what stands before Directus.',
    };
  }
  if (status === 401 || status === 403) {
    return {
      verdict: 'problem',
      finding: `Directus at ${url} refuses our credential (${status}).`,
      advice: 'Check DIRECTUS_TOKEN; "npm run directus:apply" gives the service account this token.',
    };
  }
  if (status !== 200) {
    return {
      verdict: 'problem',
      finding: `Directus at ${url} answers ${status}.`,
      advice: 'Look into its log; orders wait for as long as it does.',
    };
  }
  return undefined;
}

const infoSchema = z.object({ data: z.object({ version: z.string().regex(/^\d+\.\d+\.[\w.+-]+$/) }) });

function versionIn({ json }: HttpAnswer): string | undefined {
  return infoSchema.safeParse(json).data?.data.version;
}

function judgeVersion(version: string | undefined, url: string): Verdict {
  const supported = `${OLDEST_TESTED.major}.${OLDEST_TESTED.minor} to ${NEWEST_TESTED_MAJOR}`;
  if (version === undefined) {
    return {
      verdict: 'warning',
      finding: `Directus answers at ${url} and does not tell its version.`,
      advice: `Make sure that it is one from ${supported}.`,
    };
  }
  const finding = `Directus ${version} answers at ${url}.`;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST.major) {
    return { verdict: 'problem', finding, advice: `It is too old: upgrade it to one from ${supported}.` };
  }
  const isTested = major <= NEWEST_TESTED_MAJOR && (major > OLDEST_TESTED.major || minor >= OLDEST_TESTED.minor);
  if (isTested) return { verdict: 'ok', finding };
  return { verdict: 'warning', finding, advice: `Nobody has tried it: the tests run against ${supported}.` };
}
