import type { Checkout } from '../domain/checkout.ts';
import type { AttemptOutcome } from '../domain/failure-details.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { LinkIds } from '../domain/order.ts';

/** What the steps of an order need of the partner for payment and delivery. The folder `ridendine/` implements this. */
export interface Partner {
  /** Builds the frozen body. It is built once and stored: every attempt sends exactly this text. */
  orderBody(orderId: string, checkout: Checkout): string;
  /**
   * Asks the partner once to create the order. Every attempt of every run sends the same idempotency key for an order.
   *
   * @param call.body the frozen body, sent byte for byte.
   * @throws {PartnerError} says why the attempt failed, and whether the partner may have the order nevertheless.
   */
  createOrder(call: { orderId: string; body: string; signal?: AbortSignal }): Promise<LinkIds>;
}

/** What else is known of a failed attempt. */
interface PartnerAnswerFacts {
  /** HTTP status, if there was an answer. */
  status?: number | undefined;
  /** How long the partner asks us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The beginning of what the partner wrote. It may hold personal data, so it belongs in encrypted details only. */
  partnerText?: string | undefined;
  /** The refusal may pass, for example after a deployment of the partner. The refusal is final only if it lasts. */
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
