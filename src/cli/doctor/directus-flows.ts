import { z } from 'zod';
import { DECISION_FLOW } from '../../integrations/directus/schema/decision-flow.ts';
import type { Check, Verdict } from './checks.ts';
import { readData } from './directus-access.ts';
import type { DirectusAccess } from './directus-access.ts';

/** How many active flows Directus 12 allows without a licence: ours and all others together. */
const MOST_WITHOUT_LICENCE = 5;

const flowsSchema = z.array(z.object({ id: z.string() }));

/** Whether support leads have the form to decide in, and whether Directus has room for it. */
export function directusFlowsCheck(directus: () => DirectusAccess): Check {
  return {
    name: 'directus-flows',
    needs: ['directus'],
    async run() {
      const answer = await directus().getAsAdministrator('/flows?filter[status][_eq]=active&fields=id&limit=-1');
      if (answer === undefined || answer.status === 401 || answer.status === 403) {
        return { verdict: 'not checked', finding: 'Active flows are counted with DIRECTUS_ADMIN_TOKEN.' };
      }
      return judge(readData(flowsSchema, answer, 'its flows').map(({ id }) => id));
    },
  };
}

function judge(active: string[]): Verdict {
  const count = `${active.length} flows are active`;
  if (active.includes(DECISION_FLOW)) {
    return { verdict: 'ok', finding: `${count}, with the form in which support leads decide.` };
  }
  const finding = `${count}, without the form in which support leads decide.`;
  // With fewer there is room. More are active only under a licence, which has room, too.
  if (active.length !== MOST_WITHOUT_LICENCE) return { verdict: 'ok', finding };
  return {
    verdict: 'warning',
    finding,
    advice: `Without a licence Directus 12 allows ${MOST_WITHOUT_LICENCE}. To decide in Directus, switch one off and run "npm run directus:apply" with GATEWAY_URL.`,
  };
}
