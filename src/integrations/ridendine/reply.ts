import type { LinkIds } from '../../domain/order.ts';
import { PartnerError } from '../partner.ts';
import { parseRetryAfterMs } from '../retry-after.ts';
import { ridendineReplySchema } from './order-body.ts';

/** The server has processed the request, and gives another address for its result (RFC 9110, section 15.4.4). */
const SEE_OTHER = 303;

/** An HTTP answer, read to its end. */
export interface PartnerAnswer {
  status: number;
  body: string;
  /** The `Retry-After` header. */
  retryAfter: string | null;
}

/**
 * Longest piece of a partner's answer that is kept for support staff, in bytes of JSON. Temporal keeps only 4 KiB of a
 * whole failure.
 */
const KEPT_TEXT_BYTES = 1500;

/**
 * Reads the ids in the partner's answer, which may have any 2xx status.
 *
 * @throws {PartnerError} for every other answer, saying what it means for the order.
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
    // A refusal in JSON is from RideNDine's API, which then creates nothing. Any other may be from another program.
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
    // A gateway in front of RideNDine gives the same answer for some seconds during a deployment.
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

/** The JSON object or list in an API's answer; `undefined` for an HTML page or a bare value, even if that is JSON. */
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
  // The cut may have split a character in two.
  return kept.toWellFormed();
}
