import { rules } from './value-rules.ts';

/**
 * What keeps a text from being stored, if anything does. PostgreSQL stores no NUL character and canonical JSON
 * (RFC 8785) knows no lone surrogate. Refused at the door, they can't fail later, in the middle of an order.
 */
export function faultOfText(text: string): string | undefined {
  if (text.includes('\u0000')) return rules.nulCharacter;
  return text.isWellFormed() ? undefined : rules.loneSurrogate;
}
