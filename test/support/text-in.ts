/** All readable text in `value`: texts, bytes read as UTF-8, and names of fields. */
export function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .flatMap(([key, inner]) => [key, textIn(inner)])
    .join('\n');
}
