/** Calls to RideNDine are paused. Times in ISO 8601. */
export interface PartnerPause {
  since: string;
  /** When it ends by itself, if it does. */
  until?: string;
  /** Who wanted it and why, if that is known. */
  by?: { actor: string; reason: string };
}
