/** What V8 has, and the library of types that we compile with does not know yet. */
interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  /** An object that stands for a piece of JSON as it is written: <https://github.com/tc39/proposal-json-parse-with-source>. */
  rawJSON(text: string): object;
}
const json = JSON as unknown as JsonWithSource;

/** With so many digits every double can be told from every other. */
const MOST_DIGITS = 17;

/**
 * Parses text that is known to be JSON and not nested deeply. A number that would not come out as it was written is left
 * as it is: it becomes an object for which `JSON.isRawJSON` holds, and is for the reader to refuse.
 */
export function parseExactly(text: string): unknown {
  return json.parse(text, (_name, value, { source }) =>
    typeof value !== 'number' || source === undefined || isKept(source) ? value : json.rawJSON(source),
  );
}

/**
 * Whether the double that a number is read as still says what is written. Numbers are compared as decimals: `1.0` is
 * `1`, `1e2` is `100`, `-0` is `0`. A number may have been written with up to 17 digits (`%.17g`), by programs that print
 * all that they know of a double: `0.10000000000000001` is the double `0.1`.
 */
function isKept(source: string): boolean {
  const value = Number(source);
  if (!Number.isFinite(value)) return false;
  const written = readDecimal(source);
  if (isSame(written, readDecimal(String(value)))) return true;
  const { length } = written.digits;
  return length > 0 && length <= MOST_DIGITS && isSame(written, readDecimal(value.toPrecision(length)));
}

/** `digits` x 10 ^ `exponent`, without zeros at either end of the digits; zero has none, and no sign. */
interface Decimal {
  isNegative: boolean;
  digits: string;
  exponent: number;
}

function readDecimal(source: string): Decimal {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e', 2);
  const isNegative = mantissa.startsWith('-');
  const [whole = '', fraction = ''] = mantissa.slice(isNegative ? 1 : 0).split('.', 2);
  const all = whole + fraction;
  let start = 0;
  while (all[start] === '0') start += 1;
  if (start === all.length) return { isNegative: false, digits: '', exponent: 0 };
  // By hand: a pattern for the zeros at the end takes the square of their number.
  let end = all.length;
  while (all[end - 1] === '0') end -= 1;
  return {
    isNegative,
    digits: all.slice(start, end),
    exponent: Number(exponent) - fraction.length + (all.length - end),
  };
}

function isSame(a: Decimal, b: Decimal): boolean {
  return a.isNegative === b.isNegative && a.digits === b.digits && a.exponent === b.exponent;
}
