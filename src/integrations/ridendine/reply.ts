import { ridendineReplySchema } from '../../domain/ridendine-order.ts';
import type { LinkIds } from '../../domain/order.ts';
import {
  RideNDineContractBrokenError,
  RideNDineNotFoundError,
  RideNDineRateLimitedError,
  RideNDineRejectedError,
  RideNDineUnauthorizedError,
  RideNDineUnavailableError,
} from './errors.ts';
import { parseRetryAfterMs } from '../retry-after.ts';

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
 * @throws the {@link RideNDineError} that says what the answer means for the order.
 */
export function readReply(answer: PartnerAnswer, now: Date): LinkIds {
  const { status, body } = answer;
  const json = parseJson(body);
  const options = {
    status,
    partnerText: beginningOf(body),
    retryAfterMs: parseRetryAfterMs(answer.retryAfter, now),
  };

  if (status >= 200 && status < 300) {
    const reply = ridendineReplySchema.safeParse(json);
    if (reply.success) return reply.data;
    throw new RideNDineContractBrokenError(`RideNDine answered ${status} without the two ids of the order.`, options);
  }
  if (status === 401 || status === 403) {
    throw new RideNDineUnauthorizedError(
      `RideNDine refused our credential (${status}).`,
      json === undefined ? 'maybeSent' : 'notSent',
      options,
    );
  }
  if (status >= 300 && status < 400) {
    throw new RideNDineUnauthorizedError(
      `RideNDine redirected the request (${status}): its address is set wrongly.`,
      status === SEE_OTHER ? 'maybeSent' : 'notSent',
      options,
    );
  }
  if (status === 405 || (status === 404 && json === undefined)) {
    throw new RideNDineUnauthorizedError(
      `No RideNDine API answered at its address (${status}): it is set wrongly.`,
      'maybeSent',
      options,
    );
  }
  if (status === 404) {
    throw new RideNDineNotFoundError(
      'RideNDine does not find what the order is about, or is being set up (404).',
      options,
    );
  }
  if (status === 429) throw new RideNDineRateLimitedError('RideNDine asks for fewer requests (429).', options);
  if (status === 408 || status === 409 || status === 425 || status >= 500 || status < 200) {
    throw new RideNDineUnavailableError(`RideNDine answered ${status}.`, 'maybeSent', options);
  }
  throw new RideNDineRejectedError(`RideNDine refused the order (${status}).`, options);
}

/** The JSON object that an API answers with; a page or a bare word is none, even if it could be read as JSON. */
function parseJson(text: string): object | undefined {
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
