import { parseEnvironment } from '../../config/environment.ts';
import { workerVariables } from '../../config/worker-settings.ts';
import { PartnerError } from '../../integrations/partner.ts';
import { readReply } from '../../integrations/ridendine/reply.ts';
import { CREATE_ORDER_PATH } from '../../integrations/ridendine/ridendine-client.ts';
import type { Check, Verdict } from './checks.ts';
import { askHttp, shownUrl } from './http-access.ts';
import type { HttpAnswer } from './http-access.ts';
import { clockBehind, judgeClock } from './server-clock.ts';

const variables = workerVariables.pick({ RIDENDINE_BASE_URL: true, RIDENDINE_API_KEY: true });

const WRONG_CREDENTIAL: Verdict = {
  verdict: 'problem',
  finding: 'RideNDine refuses our credential.',
  advice: 'Check RIDENDINE_API_KEY; orders wait, and go on by themselves once it is right.',
};

export interface RideNDineCheckOptions {
  /** Whether to send an order without content, which RideNDine has to refuse. */
  probeCredential: boolean;
}

/** Whether RideNDine can be reached, as far as that shows without an order. */
export function ridendineChecks(environment: NodeJS.ProcessEnv, { probeCredential }: RideNDineCheckOptions): Check[] {
  let greeting: HttpAnswer | undefined;
  const ask = (init: { method: string; body?: string }) => {
    const { RIDENDINE_BASE_URL: url, RIDENDINE_API_KEY: key } = parseEnvironment(variables, environment);
    return askHttp({ name: 'RideNDine', url, setting: 'RIDENDINE_BASE_URL' }, CREATE_ORDER_PATH, {
      ...init,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${key}`,
        ...(init.body !== undefined && { 'content-type': 'application/json' }),
      },
    });
  };
  const shown = () => shownUrl(parseEnvironment(variables, environment).RIDENDINE_BASE_URL);
  return [
    {
      name: 'ridendine',
      needs: [],
      async run() {
        // Whatever the answer is, a `GET` creates nothing.
        greeting = await ask({ method: 'GET' });
        return judgeGreeting(greeting, shown());
      },
    },
    {
      name: 'ridendine-credential',
      needs: ['ridendine'],
      async run() {
        if (greeting?.status === 401 || greeting?.status === 403) return WRONG_CREDENTIAL;
        if (probeCredential) return judgeProbe(await ask({ method: 'POST', body: '{}' }));
        return {
          verdict: 'not checked',
          finding: 'RideNDine has no request by which a credential shows to be right without an order.',
          advice:
            'With "npm run doctor -- --probe-credential" an order without content is sent, which RideNDine has to refuse; tell them before, if that raises an alarm there.',
        };
      },
    },
    {
      name: 'ridendine-clock',
      needs: ['ridendine'],
      async run() {
        return judgeClock(greeting && clockBehind(greeting), {
          whose: 'RideNDine',
          isCountedOn: false,
          why: 'RideNDine may say by the clock when to come back.',
        });
      },
    },
  ];
}

function judgeGreeting({ status, json }: HttpAnswer, url: string): Verdict {
  if (status >= 300 && status < 400) {
    return {
      verdict: 'problem',
      finding: `RideNDine's address ${url} redirects (${status}), which the worker does not follow.`,
      advice: 'Set RIDENDINE_BASE_URL to where it leads.',
    };
  }
  if (status >= 500) {
    return {
      verdict: 'warning',
      finding: `RideNDine at ${url} answers ${status} just now.`,
      advice: 'Orders wait until it fares better; if it stays so, check RIDENDINE_BASE_URL and ask RideNDine.',
    };
  }
  // RideNDine may refuse a GET in any form. But it has no page to show: a success without JSON is suspicious.
  if (status < 300 && json === undefined) {
    return {
      verdict: 'warning',
      finding: `Something answers at ${url} (${status}, no JSON), which may be something other than RideNDine.`,
      advice: 'Check RIDENDINE_BASE_URL; "npm run doctor -- --probe-credential" tells, by an order without content.',
    };
  }
  return { verdict: 'ok', finding: `RideNDine can be reached at ${url}.` };
}

/** Judges the answer as the worker judges the answer to an order. */
function judgeProbe({ status, text, headers }: HttpAnswer): Verdict {
  try {
    readReply({ status, body: text, retryAfter: headers.get('retry-after') }, new Date());
    return {
      verdict: 'problem',
      finding: 'RideNDine has made an order of a request without content.',
      advice: 'Tell RideNDine: they must cancel that order, and others like it could be made.',
    };
  } catch (error) {
    if (!(error instanceof PartnerError)) throw error;
    if (error.code === 'RideNDineRejected') {
      return {
        verdict: 'ok',
        finding: `RideNDine takes our credential: it refused an order without content (${status}).`,
      };
    }
    if (error.code === 'RideNDineUnauthorized') {
      if (status === 401 || status === 403) return WRONG_CREDENTIAL;
      return { verdict: 'problem', finding: error.message, advice: 'Check RIDENDINE_BASE_URL.' };
    }
    return {
      verdict: 'not checked',
      finding: `RideNDine did not say: ${error.message}`,
      advice: 'Try again; ask RideNDine if it stays so.',
    };
  }
}
