/** Features of V8 that TypeScript's types do not have yet. */
interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  /**
   * Returns an object that stands for a piece of JSON text, exactly as written:
   * <https://github.com/tc39/proposal-json-parse-with-source>.
   */
  rawJSON(text: string): object;
}
const json = JSON as unknown as JsonWithSource;

/** 17 digits tell every double from every other. */
const MOST_DIGITS = 17;

/**
 * Parses text that is known to be JSON and not nested deeply. If a number is written with a value that a double cannot
 * keep, the result has an object in its place, for which `JSON.isRawJSON` is true. The caller must refuse such objects.
 */
export function parseExactly(text: string): unknown {
  return json.parse(text, (_name, value, { source }) =>
    typeof value !== 'number' || source === undefined || isKept(source) ? value : json.rawJSON(source),
  );
}

/**
 * Whether the double that a number is read as has the value that is written. Both are compared as decimals: `1.0` is
 * `1`, `1e2` is `100`, `-0` is `0`. Some programs print a double with up to 17 digits (`%.17g`). Such a number is kept,
 * too: `0.10000000000000001` is the double `0.1`.
 */
function isKept(source: string): boolean {
  const value = Number(source);
  if (!Number.isFinite(value)) return false;
  const written = readDecimal(source);
  if (isSame(written, readDecimal(String(value)))) return true;
  const { length } = written.digits;
  return length > 0 && length <= MOST_DIGITS && isSame(written, readDecimal(value.toPrecision(length)));
}

/** `digits` x 10 ^ `exponent`, without the sign. The digits have no zeros at either end. Zero has no digits. */
interface Decimal {
  digits: string;
  exponent: number;
}

function readDecimal(source: string): Decimal {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e', 2);
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.', 2);
  const all = (whole + fraction).replace(/^0+/, '');
  if (all === '') return { digits: '', exponent: 0 };
  // A loop, because the time of a regular expression would grow with the square of the number of zeros.
  let end = all.length;
  while (all[end - 1] === '0') end -= 1;
  return { digits: all.slice(0, end), exponent: Number(exponent) - fraction.length + (all.length - end) };
}

/** The double has the sign that is written, so the signs need not be compared. */
function isSame(a: Decimal, b: Decimal): boolean {
  return a.digits === b.digits && a.exponent === b.exponent;
}
