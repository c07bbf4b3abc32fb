/** Calls to RideNDine are paused: since when, until when at the latest, and by whom and why, as far as that is known. */
export interface PartnerPause {
  /** ISO 8601, as is `until`. */
  since: string;
  until?: string;
  actor?: string;
  reason?: string;
}
