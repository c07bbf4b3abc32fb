import { rules } from './value-rules.ts';

/** Something that is wrong in a document. */
export interface JsonFault {
  path: PropertyKey[];
  /** A sentence of {@link rules}. */
  rule: string;
}

/** More than anybody mends at once. Without a limit, whoever wrote the document would determine how long an answer gets. */
export const MOST_FAULTS = 20;

/** Deeper than any address or cart, and shallow enough that nothing which walks through it runs out of stack. */
const DEEPEST = 32;

/**
 * What keeps a value from being stored and sent on as it was written: numbers that a double does not hold, what is no
 * JSON, and nesting that nothing could walk through. At most {@link MOST_FAULTS}.
 *
 * @param faultIn what is wrong with a text, names of members included; by default nothing can be.
 */
export function faultsOfJson(
  value: unknown,
  faultIn: (text: string) => string | undefined = () => undefined,
): JsonFault[] {
  const faults: JsonFault[] = [];
  /** Where the walk stands. */
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
      // Of the whole branch: a path of that length helps nobody.
      report(rules.deep(DEEPEST), path.slice(0, 1));
    } else if (Array.isArray(current)) {
      // Not `forEach`, which leaves out what is missing.
      for (const [index, member] of current.entries()) walkInto(index, member);
    } else if (isPlainObject(current)) {
      for (const [name, member] of Object.entries(current)) {
        report(faultIn(name));
        // Absent, as JSON has it.
        if (member !== undefined) walkInto(name, member);
      }
    } else {
      report(rules.noJson);
    }
  };
  walk(value);
  return faults;
}

/** Whether a value can be a JSON object: no list, and no instance of anything, which could write itself in its own way. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isRawJson(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of whatever realm.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function faultOfScalar(value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value !== 'number') return rules.noJson;
  if (Number.isNaN(value)) return rules.notANumber;
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? rules.unsafeNumber : undefined;
}

/** JSON as it is written, for which JavaScript has no value of its own. Node has this, the types do not know it yet. */
interface RawJson {
  rawJSON: string;
}

function isRawJson(value: unknown): value is RawJson {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}

/** A number that was kept as text because a double does not hold it. */
function faultOfRawJson(text: string): string {
  const value = Number(text);
  if (Number.isNaN(value)) return rules.noJson;
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return rules.unsafeNumber;
  return value === 0 ? rules.nearZero : rules.manyDigits;
}
