/** Why an operator's request was not carried out, or is not known to be. */
export type OperatorOutcome =
  /** Temporal knows no such order, or no such bulk decision. */
  | 'unknown order'
  /** The request does not fit the order as it is now. Nothing was changed. */
  | 'refused'
  /** Nothing was sent to the order's run. */
  | 'not sent'
  /** The request was sent, and nobody has answered. A worker that comes back soon may still take it. */
  | 'unanswered'
  /** The request was accepted. Its outcome is not known yet. */
  | 'under way';

/** `message` is a sentence for the operator. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly outcome: OperatorOutcome;
  /** The order's id, or its workflow id, if a look at the order tells the operator more. */
  readonly order: string | undefined;

  constructor(outcome: OperatorOutcome, message: string, order?: string) {
    super(message);
    this.outcome = outcome;
    this.order = order;
  }
}
