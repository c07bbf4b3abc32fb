import { z } from 'zod';
import { DECISIONS_PER_SECOND, MOST_DECISIONS_PER_SECOND } from '../contract/bulk-decision.ts';
import { wholeNumber } from './environment.ts';

export const bulkDecisionVariables = z.object({
  /** Set it below the number that RideNDine takes: each retry is a call to RideNDine. */
  BULK_DECISIONS_PER_SECOND: wholeNumber(1, MOST_DECISIONS_PER_SECOND).default(DECISIONS_PER_SECOND),
});
