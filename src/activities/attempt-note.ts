import { z } from 'zod';
import { isFailureCode } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { PartnerAttempts } from './order-creation-activities.ts';

/** Since when RideNDine has answered with a 404 in JSON, and to how many attempts in a row. */
const notFoundAnswers = z.object({ since: z.iso.datetime(), attempts: z.int() });
export type NotFoundAnswers = z.output<typeof notFoundAnswers>;

const codeSchema = z.custom<FailureCode>(isFailureCode);
const not_found = notFoundAnswers.optional();
const noteSchema = z.discriminatedUnion('maybe_sent', [
  // It is proven that neither this attempt nor any before it made an order at RideNDine.
  z.object({ maybe_sent: z.literal(false), attempt: z.number(), code: codeSchema, not_found }),
  // RideNDine may have the order. Only the same key and the same bytes may be sent again.
  z.object({ maybe_sent: z.literal(true), code: codeSchema.nullable(), not_found }),
]);

/**
 * The note that an attempt leaves for the next attempt, in its heartbeat details. Temporal keeps heartbeat details,
 * while it shows the workflow only the last failure (docs/decisions/0003-what-an-attempt-leaves-behind.md). Once an
 * attempt has ended *maybe sent*, every later note says so, too.
 */
export type AttemptNote = z.output<typeof noteSchema>;

/** What is known of all attempts so far. */
export type AttemptsSoFar = PartnerAttempts & { not_found?: NotFoundAnswers | undefined };

/** What is known before the first attempt. */
const nothingSent: AttemptsSoFar = { maybe_sent: false, code: null };
/** What is known of an attempt that left no note: it may have sent the order. */
export const nothingKnown: AttemptsSoFar = { maybe_sent: true, code: null };

/**
 * What an attempt knows of the attempts before it. A note of *not sent* counts only if the attempt directly before left
 * it. Earlier attempts that left no note count as *maybe sent*.
 *
 * @param heartbeatDetails the note that the earlier attempts left, if there is one.
 * @param attempt the number of this attempt.
 * @param isFirst whether it is certain that no attempt was made before this one.
 */
export function knownFrom(
  heartbeatDetails: unknown,
  { attempt, isFirst }: { attempt: number; isFirst: boolean },
): AttemptsSoFar {
  if (heartbeatDetails != null) {
    // Anybody who may write to the namespace may have left something else. That does not prove that nothing was sent.
    const note = noteSchema.safeParse(heartbeatDetails).data ?? nothingKnown;
    if (note.maybe_sent || !('attempt' in note)) return note;
    return note.attempt === attempt - 1 ? note : nothingKnown;
  }
  return isFirst ? nothingSent : nothingKnown;
}
