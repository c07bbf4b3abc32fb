import type { LinkIds } from '../../domain/order.ts';
import { PartnerError } from '../partner.ts';
import { parseRetryAfterMs } from '../retry-after.ts';
import { ridendineReplySchema } from './order-body.ts';

/** The answer to a request that was processed: what came of it is told elsewhere (RFC 9110, section 15.4.4). */
const SEE_OTHER = 303;

/** An HTTP answer, read to its end. */
export interface PartnerAnswer {
  status: number;
  body: string;
  /** The `Retry-After` header. */
  retryAfter: string | null;
}

/**
 * Longest piece of a partner's answer that is kept for support staff, in bytes of JSON: of a failure as a whole, Temporal
 * keeps 4 KiB.
 */
const KEPT_TEXT_BYTES = 1500;

/**
 * The ids in the partner's answer (any 2xx).
 *
 * @throws {PartnerError} saying what the answer means for the order.
 */
export function readReply(answer: PartnerAnswer, now: Date): LinkIds {
  const { status, body } = answer;
  const json = parseJson(body);
  const facts = { status, partnerText: beginningOf(body), retryAfterMs: parseRetryAfterMs(answer.retryAfter, now) };
  const isJson = json !== undefined;

  if (status >= 200 && status < 300) {
    const reply = ridendineReplySchema.safeParse(json);
    if (reply.success) return reply.data;
    // The order most likely exists, but its ids are unknown.
    const message = `RideNDine answered ${status} without the two ids of the order.`;
    throw new PartnerError('RideNDineContractBroken', 'maybeSent', message, facts);
  }
  if (status === 401 || status === 403) {
    // In JSON it is RideNDine's API that refuses, and creates nothing. Of another program's answer nothing is known.
    const message = `RideNDine refused our credential (${status}).`;
    throw new PartnerError('RideNDineUnauthorized', isJson ? 'notSent' : 'maybeSent', message, facts);
  }
  if (status >= 300 && status < 400) {
    const message = `RideNDine redirected the request (${status}): its address is set wrongly.`;
    throw new PartnerError('RideNDineUnauthorized', status === SEE_OTHER ? 'maybeSent' : 'notSent', message, facts);
  }
  if (status === 405 || (status === 404 && !isJson)) {
    const message = `No RideNDine API answered at its address (${status}): it is set wrongly.`;
    throw new PartnerError('RideNDineUnauthorized', 'maybeSent', message, facts);
  }
  if (status === 404) {
    // A gateway in front of RideNDine says the same for some seconds while it is set up anew.
    const message = 'RideNDine does not find what the order is about, or is being set up (404).';
    throw new PartnerError('RideNDineRejected', 'rejected', message, { ...facts, mayPass: true });
  }
  if (status === 429) {
    throw new PartnerError('RideNDineRateLimited', 'notSent', 'RideNDine asks for fewer requests (429).', facts);
  }
  if (status === 408 || status === 409 || status === 425 || status >= 500 || status < 200) {
    throw new PartnerError('RideNDineUnavailable', 'maybeSent', `RideNDine answered ${status}.`, facts);
  }
  throw new PartnerError('RideNDineRejected', 'rejected', `RideNDine refused the order (${status}).`, facts);
}

/** The JSON object or list that an API answers with; a page or a bare word is none, even if it could be read as JSON. */
export function parseJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function beginningOf(text: string): string {
  let kept = text.slice(0, KEPT_TEXT_BYTES);
  while (Buffer.byteLength(JSON.stringify(kept)) > KEPT_TEXT_BYTES) kept = kept.slice(0, Math.floor(kept.length * 0.9));
  // A cut may have gone through a character.
  return kept.toWellFormed();
}
