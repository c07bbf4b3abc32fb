import { z } from 'zod';
import { list, logLevel, SettingsError, parseEnvironment, secret, wholeNumber } from './environment.ts';
import { encryptionVariables, readEncryptionKeys } from './encryption-settings.ts';
import { readTemporalSettings, temporalVariables } from './temporal-settings.ts';
import { readTracing, tracingVariables } from './tracing-settings.ts';

/** A key that can be guessed is none, in production or elsewhere. */
const SHORTEST_KEY = 16;

export const gatewayVariables = temporalVariables.extend({
  GATEWAY_HOST: z.string().default('127.0.0.1'),
  GATEWAY_PORT: wholeNumber(0, 65_535).default(3000),
  /** Several while keys are being rotated. */
  GATEWAY_API_KEYS: keys(),
  /** They let operators decide about orders, and create none. Without any nobody decides through the gateway. */
  OPERATOR_API_KEYS: keys().optional(),
  GATEWAY_WAIT_MS: wholeNumber(0, 60_000).default(10_000),
  GATEWAY_MAX_WAITING: wholeNumber(1, 100_000).default(1000),
  ...encryptionVariables.shape,
  ...tracingVariables.shape,
  LOG_LEVEL: logLevel,
});

function keys() {
  return list(
    (key) => key.length >= SHORTEST_KEY && secret().safeParse(key).success,
    `must be one or more keys of at least ${SHORTEST_KEY} characters in printable ASCII, separated by commas`,
  );
}

/** What the gateway needs to know. @throws {SettingsError} */
export function readGatewaySettings(environment: NodeJS.ProcessEnv) {
  const variables = parseEnvironment(gatewayVariables, environment);
  const { GATEWAY_API_KEYS: apiKeys, OPERATOR_API_KEYS: operatorApiKeys = [] } = variables;
  if (operatorApiKeys.some((key) => apiKeys.includes(key))) {
    throw new SettingsError(['OPERATOR_API_KEYS: must have no key that is in GATEWAY_API_KEYS.']);
  }
  return {
    temporal: readTemporalSettings(environment),
    encryptionKeys: readEncryptionKeys(variables),
    host: variables.GATEWAY_HOST,
    port: variables.GATEWAY_PORT,
    apiKeys,
    operatorApiKeys,
    waitMs: variables.GATEWAY_WAIT_MS,
    maxWaiting: variables.GATEWAY_MAX_WAITING,
    tracing: readTracing(variables),
    logLevel: variables.LOG_LEVEL,
  };
}

export type GatewaySettings = ReturnType<typeof readGatewaySettings>;
