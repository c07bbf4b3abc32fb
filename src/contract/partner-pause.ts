/**
 * The workflow that pauses the calls to RideNDine, as during their maintenance. While its run is open no worker asks
 * RideNDine to create an order. By its id there is one at a time.
 */
export const PARTNER_PAUSE_WORKFLOW = 'partnerPause';
export const PARTNER_PAUSE_WORKFLOW_ID = 'ridendine-pause';

/** The update that ends it. Its input says who resumes the calls, and why. */
export const RESUME_CALLS_UPDATE = 'resumeCalls';

/** Memo field of the run: its input, for workers, which would otherwise have to read its history. */
export const PARTNER_PAUSE_MEMO = 'pause';

/** Every worker looks for a pause so often. */
export const PAUSE_NOTICED_WITHIN_MS = 5000;

/** An order that waits tries again so often, and then finds that the calls are resumed. */
export const PAUSED_ATTEMPTS_EVERY_MS = 60_000;

/** What a pause is started with. */
export interface PartnerPauseInput {
  /** Who wants it. */
  actor: string;
  /** Why. */
  reason: string;
  /** When it ends by itself. ISO 8601. Without it somebody has to end it. */
  until?: string;
}

/** Its result: who has resumed the calls, and why; or that its time was over. */
export type PartnerPauseEnd = { ended: 'resumed'; actor: string; reason: string } | { ended: 'time over' };
