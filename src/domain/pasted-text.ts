// Pasted text may hold characters that people do not see: a line break, a non-breaking space, a mark for the direction
// of writing.

const BLANK = /[\s\p{Cc}\p{Cf}]/u;
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
/** Dropped at the ends. Control characters other than blanks and line breaks stay: nobody pastes them unaware. */
const AT_THE_ENDS = /[\s\u0085\p{Cf}]/u;

/** The text without blanks, line breaks and invisible characters at its ends. */
export function trimPasted(text: string): string {
  // No regular expression is used: its time would grow with the square of the longest run of blanks.
  let start = 0;
  let end = text.length;
  while (start < end && AT_THE_ENDS.test(text.charAt(start))) start += 1;
  while (end > start && AT_THE_ENDS.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Whether there is a blank, a line break or an invisible character in the text. An id has none of them. */
export function hasBlank(text: string): boolean {
  return BLANK.test(text);
}

/** Whether the text has a line break or an invisible character. Names may have one: some scripts join letters by it. */
export function hasInvisible(text: string): boolean {
  return INVISIBLE.test(text);
}

/** Whether there is a line break or another control character in the text. */
export function hasControl(text: string): boolean {
  return CONTROL.test(text);
}
