import { rules } from './value-rules.ts';

/**
 * Tells why a text cannot be stored; `undefined` if it can be. PostgreSQL stores no NUL character, and canonical JSON
 * (RFC 8785) allows no lone surrogate. Such a text is refused at once, before it fails in the middle of an order.
 */
export function faultOfText(text: string): string | undefined {
  if (text.includes('\u0000')) return rules.nulCharacter;
  return text.isWellFormed() ? undefined : rules.loneSurrogate;
}
