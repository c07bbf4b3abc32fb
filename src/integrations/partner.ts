import type { Checkout } from '../domain/checkout.ts';
import type { AttemptOutcome } from '../domain/failure-details.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { LinkIds } from '../domain/order.ts';

/** The partner for payment and delivery, as the steps of an order know it. `ridendine/` beside this file implements it. */
export interface Partner {
  /** What {@link createOrder} sends for an order. Built once and stored: every attempt sends exactly this text. */
  orderBody(orderId: string, checkout: Checkout): string;
  /**
   * Asks once for the order to be created, with a key that is the same for every attempt of every run.
   *
   * @param call.body sent byte for byte.
   * @throws {PartnerError} saying why there is no order and whether one may exist all the same.
   */
  createOrder(call: { orderId: string; body: string; signal?: AbortSignal }): Promise<LinkIds>;
}

/** What else is known of a failed attempt. */
interface PartnerAnswerFacts {
  /** HTTP status, if there was an answer. */
  status?: number | undefined;
  /** How long the partner asks us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The beginning of what the partner wrote. May hold personal data: for encrypted details only. */
  partnerText?: string | undefined;
  /** The partner may only be set up anew. The refusal is final if it lasts. */
  mayPass?: boolean;
  cause?: unknown;
}

/** Why the partner did not create an order. `message` holds nothing that the partner or the customer wrote. */
export class PartnerError extends Error {
  override readonly name = 'PartnerError';
  readonly code: FailureCode;
  readonly outcome: AttemptOutcome;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly partnerText: string | undefined;
  readonly mayPass: boolean;

  constructor(code: FailureCode, outcome: AttemptOutcome, message: string, facts: PartnerAnswerFacts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.outcome = outcome;
    this.status = facts.status;
    this.retryAfterMs = facts.retryAfterMs;
    this.partnerText = facts.partnerText;
    this.mayPass = facts.mayPass ?? false;
  }
}
