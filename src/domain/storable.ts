/**
 * PostgreSQL stores no NUL character and canonical JSON (RFC 8785) knows no lone surrogate. Refused at the door, they
 * can't fail later, in the middle of an order.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
