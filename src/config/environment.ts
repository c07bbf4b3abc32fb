import { isIPv4, isIPv6 } from 'node:net';
import ms from 'ms';
import type { StringValue } from 'ms';
import { z } from 'zod';
import { trimPasted } from '../domain/pasted-text.ts';

/** Settings that cannot be used. `message` has a line for each problem, and no values: a value may be a secret. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * The variables that are set, without the blanks and line breaks at the ends of their values: a token that is pasted or
 * kept in a file often has some. An empty variable counts as not set, because compose files and shells leave such ones.
 */
export function setVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment)
      .map(([name, value = '']): [string, string] => [name, trimPasted(value)])
      .filter(([, value]) => value !== ''),
  );
}

/**
 * Reads settings from environment variables (see {@link setVariables}).
 *
 * @throws {SettingsError} with all problems at once.
 */
export function parseEnvironment<Schema extends z.ZodObject>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): z.output<Schema> {
  const set = setVariables(environment);
  const parsed = schema.safeParse(set);
  if (parsed.success) return parsed.data;
  throw new SettingsError(
    parsed.error.issues.map((issue) => {
      const name = issue.path.join('.');
      return set[name] === undefined ? `${name} is not set.` : `${name}: ${issue.message}`;
    }),
  );
}

/** The problems with settings, as a list: to join those of several programs, or to report them and go on. */
export function problemsOf(readSettings: () => unknown): readonly string[] {
  try {
    readSettings();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

/** A duration as people write it (`24h`, `5 min`, `7 days`), in milliseconds. */
export function duration(minMs = 0) {
  return z.string().transform((text, context) => {
    // A bare number would count as milliseconds, and nobody who writes "5" means that.
    const hasUnit = /[a-z]\s*$/i.test(text);
    const milliseconds = hasUnit ? ms(text as StringValue) : Number.NaN;
    if (!Number.isInteger(milliseconds) || milliseconds < 0) {
      context.addIssue('must be a duration such as "24h", "5 min" or "7 days"');
      return z.NEVER;
    }
    if (milliseconds < minMs) context.addIssue(`must be ${ms(minMs)} or longer`);
    return milliseconds;
  });
}

/** An http or https address without a password. With one, requests would fail, and their error would show it. */
export function httpUrl() {
  const error = 'must be an http or https address without a query';
  return z
    .url({ protocol: /^https?$/, error })
    .refine((url) => !/[?#]/.test(url), error)
    .refine((url) => !URL.canParse(url) || new URL(url).username + new URL(url).password === '', {
      error: 'must not have a user or a password in it',
    });
}

/** Where to listen: an IP address, not a name, and a port, such as `127.0.0.1:9464`, `0.0.0.0:9464`, `[::1]:9464`. */
export function ipAddressAndPort() {
  return z.string().refine((text) => {
    const [, address = '', port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
    const isV6 = address.startsWith('[') && address.endsWith(']') && isIPv6(address.slice(1, -1));
    return (isIPv4(address) || isV6) && Number(port) >= 1 && Number(port) <= 65_535;
  }, 'must be an IP address and a port, such as 127.0.0.1:9464 or 0.0.0.0:9464');
}

/** A secret that goes into a header, and never into a message. */
export function secret() {
  return z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');
}

/** One or more texts, separated by commas. */
export function list(isGood: (text: string) => boolean, problem: string) {
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== ''),
    )
    .refine((texts) => texts.length > 0 && texts.every((text) => isGood(text)), problem);
}

export const logLevel = z
  .enum(['trace', 'debug', 'info', 'warn', 'error'], 'must be trace, debug, info, warn or error')
  .default('info');
