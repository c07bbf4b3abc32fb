import type { LinkIds, OrderCreationResult } from '../domain/order.ts';

/** Support staff have linked an order to wrong ids of RideNDine, and these are the right ones. */
export interface LinkCorrection extends LinkIds {
  idempotency_key: string;
  /** Who corrects it. */
  actor: string;
  /** Why. */
  reason: string;
  /** The ids were compared with RideNDine's, although they do not look like others of theirs. */
  ids_checked?: boolean;
}

/** The order as it is linked then, and why not as was asked, if not. */
export type LinkCorrectionResult = OrderCreationResult & { refusal?: string };

/** The workflow that carries it out, as a run of the order's own workflow id: its result is the key's from then on. */
export const LINK_CORRECTION_WORKFLOW = 'linkCorrection';

/** Memo field of such a run: by what it is known again if the same correction is sent once more. */
export const CORRECTION_MEMO = 'correction';
