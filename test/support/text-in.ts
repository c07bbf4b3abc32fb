/** All that can be read in `value` by whoever has it: its texts and its bytes, names of fields included. */
export function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .flatMap(([key, inner]) => [key, textIn(inner)])
    .join('\n');
}
