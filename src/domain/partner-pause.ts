/** A pause of the calls to RideNDine. Times are ISO 8601. */
export interface PartnerPause {
  since: string;
  /** When the pause ends by itself, if it does. */
  until?: string;
  /** Who wanted the pause and why, if that is known. */
  by?: { actor: string; reason: string };
}
