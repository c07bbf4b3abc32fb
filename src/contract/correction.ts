import type { LinkIds, OrderCreationResult } from '../domain/order.ts';
import type { WhoAndWhy } from './updates.ts';

/** A correction: support staff linked an order to wrong ids of RideNDine, and these are the right ids. */
export interface LinkCorrection extends LinkIds, WhoAndWhy {
  idempotency_key: string;
  /** Whether a person compared the ids with RideNDine's. If so, unusual ids are accepted. */
  ids_checked?: boolean;
}

/** The order with the link that it has afterwards. `refusal`: why the link was not corrected, if it was not. */
export type LinkCorrectionResult = OrderCreationResult & { refusal?: string };

/**
 * The workflow that carries out a correction, under the order's own workflow id. Once it has completed, its result is
 * the answer for the idempotency key.
 */
export const LINK_CORRECTION_WORKFLOW = 'linkCorrection';

/** Memo field of a correction's run: an id that shows whether the same correction is sent again. */
export const CORRECTION_MEMO = 'correction';
