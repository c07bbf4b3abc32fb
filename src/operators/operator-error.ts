/** Why nothing, or nothing yet, came of what an operator asked for. */
export type OperatorOutcome =
  /** Temporal knows no such order. */
  | 'unknown order'
  /** It does not fit how the order stands, and nothing was changed. */
  | 'refused'
  /** Nothing was sent to the order's run. */
  | 'not sent'
  /** It was sent, and no worker has answered. One that comes back soon may still take it. */
  | 'unanswered'
  /** It was taken, and what comes of it is not known yet. */
  | 'under way';

/** `message` is a sentence for whoever asked. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly outcome: OperatorOutcome;
  /** The order to look at, where a look tells more. */
  readonly order: string | undefined;

  constructor(outcome: OperatorOutcome, message: string, order?: string) {
    super(message);
    this.outcome = outcome;
    this.order = order;
  }
}
