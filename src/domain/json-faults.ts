import { rules } from './value-rules.ts';

/** Something that is wrong in a document. */
export interface JsonFault {
  path: PropertyKey[];
  /** A sentence of {@link rules}. */
  rule: string;
}

/** More than a person mends at once. Without a limit, the author of a document would determine how long answers get. */
export const MOST_FAULTS = 20;

/** Deepest accepted nesting: deeper than any address or cart, not so deep that a walk through it exhausts the stack. */
const DEEPEST = 32;

/**
 * Finds what keeps a value from being stored and sent on as it was written: numbers that a double does not hold, values
 * that JSON does not have, and nesting that is too deep. Returns at most {@link MOST_FAULTS}.
 *
 * @param faultIn tells what is wrong with a text or with the name of a member. By default, every text is right.
 */
export function faultsOfJson(
  value: unknown,
  faultIn: (text: string) => string | undefined = () => undefined,
): JsonFault[] {
  const faults: JsonFault[] = [];
  /** Path of the value that the walk has come to. */
  const path: PropertyKey[] = [];
  const report = (rule: string | undefined, at = path) => {
    if (rule !== undefined && faults.length < MOST_FAULTS) faults.push({ path: [...at], rule });
  };
  const walkInto = (step: PropertyKey, member: unknown) => {
    path.push(step);
    walk(member);
    path.pop();
  };
  const walk = (current: unknown): void => {
    if (faults.length >= MOST_FAULTS) return;
    if (typeof current !== 'object' || current === null) {
      report(typeof current === 'string' ? faultIn(current) : faultOfScalar(current));
    } else if (isRawJson(current)) {
      report(faultOfRawJson(current.rawJSON));
    } else if (path.length >= DEEPEST) {
      // Only the first step of the path is told: a path of that length helps nobody.
      report(rules.deep(DEEPEST), path.slice(0, 1));
    } else if (Array.isArray(current)) {
      // Not `forEach`, which skips the empty places of a list.
      for (const [index, member] of current.entries()) walkInto(index, member);
    } else if (isPlainObject(current)) {
      for (const [name, member] of Object.entries(current)) {
        report(faultIn(name));
        // JSON leaves out a member that is `undefined`.
        if (member !== undefined) walkInto(name, member);
      }
    } else {
      report(rules.noJson);
    }
  };
  walk(value);
  return faults;
}

/** Whether a value can be a JSON object. A list cannot, nor can a class instance, which may have its own `toJSON`. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isRawJson(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // The second comparison also holds for plain objects of another realm, which have another `Object.prototype`.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function faultOfScalar(value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value !== 'number') return rules.noJson;
  if (Number.isNaN(value)) return rules.notANumber;
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? rules.unsafeNumber : undefined;
}

/** JSON text for which JavaScript has no value. Node has this (`JSON.rawJSON`), but TypeScript's types lack it yet. */
interface RawJson {
  rawJSON: string;
}

function isRawJson(value: unknown): value is RawJson {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}

/** What is wrong with a number that was kept as text because a double does not hold it. */
function faultOfRawJson(text: string): string {
  const value = Number(text);
  if (Number.isNaN(value)) return rules.noJson;
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return rules.unsafeNumber;
  return value === 0 ? rules.nearZero : rules.manyDigits;
}
