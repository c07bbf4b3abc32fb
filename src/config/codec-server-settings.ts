import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { encryptionVariables, readEncryptionKeys } from './encryption-settings.ts';
import { httpUrl, list, logLevel, parseEnvironment, SettingsError, wholeNumber } from './environment.ts';

/** Nobody guesses 32 random characters. Our router takes at most 100 characters in one part of an address. */
const PATH_SEGMENT = /^[\w-]{32,100}$/;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export const codecServerVariables = z.object({
  CODEC_SERVER_HOST: z.string().default('127.0.0.1'),
  CODEC_SERVER_PORT: wholeNumber(0, 65_535).default(8888),
  CODEC_SERVER_UI_ORIGINS: list(
    isOrigin,
    'must be one or more origins as browsers write them (https://temporal.example), separated by commas',
  ),
  CODEC_SERVER_PATH_SEGMENT: z
    .string()
    .regex(PATH_SEGMENT, 'must be from 32 to 100 letters, digits, hyphens or underscores')
    .optional(),
  CODEC_SERVER_TOKEN_ISSUER: z.string().optional(),
  CODEC_SERVER_TOKEN_AUDIENCE: z.string().optional(),
  CODEC_SERVER_TOKEN_KEYS_URL: httpUrl()
    // Without https, somebody on the network could replace the keys by their own, and then make any token.
    .refine((url) => isSafeFromOthers(url), 'must be https, unless it is on a loopback address')
    .optional(),
  CODEC_SERVER_TOKEN_SUBJECTS: list(
    (subject) => subject.length <= 255,
    'must be subjects, separated by commas',
  ).optional(),
  ...encryptionVariables.shape,
  LOG_LEVEL: logLevel,
});

/**
 * Reads the settings of the codec server.
 *
 * @throws {SettingsError} also if callers would need neither a token nor a secret path, or if a secret path is not safe
 *   enough: in production, or on an address that is not loopback.
 */
export function readCodecServerSettings(environment: NodeJS.ProcessEnv) {
  const variables = parseEnvironment(codecServerVariables, environment);
  return {
    encryptionKeys: readEncryptionKeys(variables),
    host: variables.CODEC_SERVER_HOST,
    port: variables.CODEC_SERVER_PORT,
    uiOrigins: variables.CODEC_SERVER_UI_ORIGINS,
    access: readAccess(variables),
    logLevel: variables.LOG_LEVEL,
  };
}

type Variables = z.output<typeof codecServerVariables>;

function readAccess(variables: Variables) {
  const { CODEC_SERVER_PATH_SEGMENT: pathSegment, CODEC_SERVER_HOST: host, NODE_ENV } = variables;
  const token = readToken(variables);
  if (pathSegment === undefined) {
    if (token !== undefined) return { token };
    throw new SettingsError([
      'CODEC_SERVER_TOKEN_ISSUER is not set: without a token, or CODEC_SERVER_PATH_SEGMENT on a machine of your own, anybody could decode',
    ]);
  }
  // A secret path gets into the logs of proxies and the history of browsers, and does not tell who asks.
  const problems = [
    ...(isLoopback(host) ? [] : ['must be used on a loopback address only (CODEC_SERVER_HOST=127.0.0.1)']),
    ...(NODE_ENV === 'production' ? ['must not be used in production'] : []),
  ];
  if (problems.length > 0) {
    throw new SettingsError(problems.map((problem) => `CODEC_SERVER_PATH_SEGMENT: ${problem}`));
  }
  return { pathSegment, token };
}

function readToken(variables: Variables) {
  const {
    CODEC_SERVER_TOKEN_ISSUER: issuer,
    CODEC_SERVER_TOKEN_AUDIENCE: audience,
    CODEC_SERVER_TOKEN_KEYS_URL: keysUrl,
    CODEC_SERVER_TOKEN_SUBJECTS: subjects,
  } = variables;
  if (issuer !== undefined && audience !== undefined && keysUrl !== undefined) {
    return { issuer, audience, keysUrl, subjects };
  }
  const all = {
    CODEC_SERVER_TOKEN_ISSUER: issuer,
    CODEC_SERVER_TOKEN_AUDIENCE: audience,
    CODEC_SERVER_TOKEN_KEYS_URL: keysUrl,
  };
  const names = Object.entries(all);
  const missing = names.filter(([, value]) => value === undefined).map(([name]) => name);
  if (missing.length === names.length && subjects === undefined) return undefined;
  throw new SettingsError(missing.map((name) => `${name} is not set.`));
}

function isOrigin(text: string): boolean {
  // The origin that a browser sends never has a `*`, although a URL may have one.
  return /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function isSafeFromOthers(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname.replaceAll(/[[\]]/g, ''));
}

/** Only IP addresses count. A name could later mean another address. */
function isLoopback(host: string): boolean {
  return (isIPv4(host) && loopback.check(host, 'ipv4')) || (isIPv6(host) && loopback.check(host, 'ipv6'));
}
