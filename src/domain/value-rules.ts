import type { z } from 'zod';

/**
 * The sentences for values that break a rule. Each tells the rule with its limit, and never the value. They are
 * together here so that one rule has the same sentence wherever it is broken.
 */
export const rules = {
  missing: 'The value is missing.',
  unknownField: 'Unknown field.',
  notAllowed: 'The value is not allowed here.',

  noText: 'The value must be a text.',
  noNumber: 'The value must be a number.',
  noTruth: 'The value must be true or false.',
  noObject: 'The value must be a JSON object.',
  noList: 'The value must be a list.',
  noJson: 'The value cannot be written as JSON.',

  noUuid: 'The value must be a UUID with hyphens.',
  noCurrency: 'The value must be a currency code of ISO 4217: three capital letters.',
  noneOf: (allowed: readonly unknown[]) => `The value must be ${allowed.join(' or ')}.`,

  emptyText: 'The text is empty.',
  longText: (longest: number | bigint) => `The text is too long: at most ${longest} characters.`,
  nulCharacter: 'The text has a NUL character (U+0000) in it, which cannot be stored.',
  loneSurrogate: 'The text has a lone surrogate (half a character) in it, which cannot be stored.',
  control: 'The text has a line break or another control character in it.',
  invisible: 'The text has a line break or an invisible character in it.',
  blank: 'The text has a blank, a line break or an invisible character in it.',

  notANumber: 'The value is not a number.',
  fraction: 'The number must be a whole one.',
  largeNumber: (largest: number | bigint) => `The number is too large: at most ${largest}.`,
  smallNumber: (smallest: number | bigint) => `The number is too small: at least ${smallest}.`,
  // Beyond these limits, a double cannot tell neighbouring integers apart.
  unsafeNumber: `The number is too large to be kept exactly. Send one from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}, or a text.`,
  manyDigits: 'The number has too many digits to be kept exactly. Send at most 15 digits, or a text.',
  nearZero: 'The number is too close to 0 to be kept exactly. Send 0, or a text.',

  deep: (deepest: number) => `The value is nested more than ${deepest} levels deep.`,
} as const;

/** The sentence about a fault for which the schema has no sentence of its own. Callers pass it to `safeParse`. */
export function ruleBrokenBy(issue: z.core.$ZodRawIssue): string {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type':
      return input === undefined || input === null ? rules.missing : wrongType(issue.expected, input);
    case 'invalid_value':
      return input === undefined || input === null ? rules.missing : rules.noneOf(issue.values);
    case 'invalid_format':
      return issue.format === 'guid' ? rules.noUuid : rules.notAllowed;
    case 'too_big':
      return issue.origin === 'string' ? rules.longText(issue.maximum) : rules.largeNumber(issue.maximum);
    case 'too_small': {
      if (issue.origin !== 'string') return rules.smallNumber(issue.minimum);
      return rules.emptyText;
    }
    default:
      return rules.notAllowed;
  }
}

function wrongType(expected: string, input: unknown): string {
  switch (expected) {
    case 'string':
      return rules.noText;
    case 'number':
    case 'int':
      return typeof input === 'number' ? wrongNumber(input) : rules.noNumber;
    case 'boolean':
      return rules.noTruth;
    case 'array':
      return rules.noList;
    case 'object':
    case 'record':
      return rules.noObject;
    default:
      return rules.notAllowed;
  }
}

function wrongNumber(input: number): string {
  if (Number.isNaN(input)) return rules.notANumber;
  return Number.isInteger(input) || !Number.isFinite(input) ? rules.unsafeNumber : rules.fraction;
}
