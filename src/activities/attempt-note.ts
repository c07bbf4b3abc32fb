import { z } from 'zod';
import { isFailureCode } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { PartnerAttempts } from './order-creation-activities.ts';

/** Since when RideNDine answers that there is nothing at its address, and to how many attempts. */
export interface NotFoundAnswers {
  /** ISO 8601. */
  since: string;
  attempts: number;
}

/**
 * The note that an attempt leaves for the next one, in its heartbeat details: Temporal keeps those, while it shows the
 * workflow only the last failure.
 */
export type AttemptNote = { not_found?: NotFoundAnswers | undefined } & (
  | /** Nothing was sent: proven, by this attempt and by all before it. */
    { maybe_sent: false; attempt: number; code: FailureCode }
    /** Never taken back: whoever finds it sends nothing but the same key and bytes. */
  | { maybe_sent: true; code: FailureCode | null }
);

/** What is known of all attempts so far. */
export type AttemptsSoFar = PartnerAttempts & { not_found?: NotFoundAnswers | undefined };

const codeSchema = z.custom<FailureCode>(isFailureCode);
const not_found = z.object({ since: z.iso.datetime(), attempts: z.int() }).optional();
const noteSchema: z.ZodType<AttemptNote> = z.discriminatedUnion('maybe_sent', [
  z.object({ maybe_sent: z.literal(false), attempt: z.number(), code: codeSchema, not_found }),
  z.object({ maybe_sent: z.literal(true), code: codeSchema.nullable(), not_found }),
]);

/** Before the first attempt. */
const nothingSent: AttemptsSoFar = { maybe_sent: false, code: null };
/** Of an attempt that left no note. */
export const nothingKnown: AttemptsSoFar = { maybe_sent: true, code: null };

/**
 * What an attempt knows of those before it. A note of *not sent* counts only from the attempt directly before; silence is
 * *maybe sent*.
 *
 * @param heartbeatDetails what the attempts before have left.
 * @param attempt its number.
 * @param isFirst whether it is certain that there was none before.
 */
export function knownFrom(
  heartbeatDetails: unknown,
  { attempt, isFirst }: { attempt: number; isFirst: boolean },
): AttemptsSoFar {
  if (heartbeatDetails != null) {
    // Whoever may write to the namespace may have left something else: no proof that nothing was sent.
    const note = noteSchema.safeParse(heartbeatDetails).data ?? nothingKnown;
    if (note.maybe_sent || !('attempt' in note)) return note;
    return note.attempt === attempt - 1 ? note : nothingKnown;
  }
  return isFirst ? nothingSent : nothingKnown;
}
