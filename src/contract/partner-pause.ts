/**
 * The workflow that pauses the calls to RideNDine, as during their maintenance. While its run is open, however it was
 * started, no worker asks RideNDine to create an order. By its id there is one at a time. Whatever ends it resumes the
 * calls.
 */
export const PARTNER_PAUSE_WORKFLOW = 'partnerPause';
export const PARTNER_PAUSE_WORKFLOW_ID = 'ridendine-pause';

/** Memo field of the run: its input. Workers look at it often, and would otherwise have to read its history. */
export const PARTNER_PAUSE_MEMO = 'pause';

/** So long after its start, or its end, every worker that Temporal answers has noticed. */
export const PAUSE_NOTICED_WITHIN_MS = 10_000;

/** What a pause is started with. */
export interface PartnerPauseInput {
  /** Who wants it. */
  actor: string;
  /** Why. */
  reason: string;
  /** After so long it ends by itself. Without it somebody has to end it. */
  for_ms?: number;
}
