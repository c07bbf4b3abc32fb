import { z } from 'zod';
import { bulkDecisionVariables } from './bulk-decision-settings.ts';
import { callerKeys } from './caller-keys.ts';
import { logLevel, SettingsError, parseEnvironment, wholeNumber } from './environment.ts';
import { encryptionVariables, readEncryptionKeys } from './encryption-settings.ts';
import { readTemporalSettings, temporalVariables } from './temporal-settings.ts';
import { readTracing, tracingVariables } from './tracing-settings.ts';

export const gatewayVariables = temporalVariables.extend({
  GATEWAY_HOST: z.string().default('127.0.0.1'),
  GATEWAY_PORT: wholeNumber(0, 65_535).default(3000),
  /** There can be several: for several callers, and while a key is replaced. */
  GATEWAY_API_KEYS: callerKeys(),
  /** Keys by which operators decide about orders, but create none. Without keys, the gateway takes no decisions. */
  OPERATOR_API_KEYS: callerKeys().optional(),
  GATEWAY_WAIT_MS: wholeNumber(0, 60_000).default(10_000),
  GATEWAY_MAX_WAITING: wholeNumber(1, 100_000).default(1000),
  GATEWAY_REQUESTS_PER_SECOND: wholeNumber(1, 100_000).default(2000),
  ...bulkDecisionVariables.shape,
  ...encryptionVariables.shape,
  ...tracingVariables.shape,
  LOG_LEVEL: logLevel,
});

/** Reads the settings of the gateway. @throws {SettingsError} */
export function readGatewaySettings(environment: NodeJS.ProcessEnv) {
  const variables = parseEnvironment(gatewayVariables, environment);
  const { GATEWAY_API_KEYS: apiKeys, OPERATOR_API_KEYS: operatorApiKeys = [] } = variables;
  if (operatorApiKeys.some(({ key }) => apiKeys.some((other) => other.key === key))) {
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
    requestsPerSecond: variables.GATEWAY_REQUESTS_PER_SECOND,
    decisionsPerSecond: variables.BULK_DECISIONS_PER_SECOND,
    tracing: readTracing(variables),
    logLevel: variables.LOG_LEVEL,
  };
}

export type GatewaySettings = ReturnType<typeof readGatewaySettings>;
