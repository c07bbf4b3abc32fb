import type { WhoAndWhy } from './updates.ts';

/**
 * The workflow that pauses the calls to RideNDine, for example during RideNDine's maintenance. While its run is open,
 * no worker asks RideNDine to create an order, however the run was started. Its fixed id allows only one pause at a
 * time. The calls resume when the run ends, for whatever reason.
 */
export const PARTNER_PAUSE_WORKFLOW = 'partnerPause';
export const PARTNER_PAUSE_WORKFLOW_ID = 'ridendine-pause';

/** Memo field of the run: its input. Workers read the pause often, and need not read the run's history for it. */
export const PARTNER_PAUSE_MEMO = 'pause';

/** Within this time after a pause starts or ends, every worker that Temporal answers has noticed it. */
export const PAUSE_NOTICED_WITHIN_MS = 10_000;

/** What a pause is started with. */
export interface PartnerPauseInput extends WhoAndWhy {
  /** How long the pause lasts, in milliseconds. If missing, the pause lasts until somebody ends it. */
  for_ms?: number;
}
