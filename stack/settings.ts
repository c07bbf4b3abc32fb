import path from 'node:path';
import { z } from 'zod';
import {
  httpUrl,
  parseEnvironment,
  secret,
  setVariables,
  SettingsError,
  wholeNumber,
} from '../src/config/environment.ts';
import { gatewayVariables } from '../src/config/gateway-settings.ts';
import { namesTemporal, readTemporalSettings, type TemporalSettings } from '../src/config/temporal-settings.ts';
import { workerVariables } from '../src/config/worker-settings.ts';

type Environment = Record<string, string | undefined>;

/** The settings of `npm start`. A service whose address is given is used and not started. */
export interface StackSettings {
  /** Absolute. */
  dataDir: string;
  ports: Record<StackPort, number>;
  /** The namespace of the embedded Temporal. */
  temporalNamespace: string;
  gatewayHost: string;
  /** Gateway and worker are one process. */
  oneProcess: boolean;
  /** The first of the keys that are given. */
  gatewayKey: string | undefined;
  /** The first of the operators' keys for the gateway that are given. If none is given, the stack makes one. */
  operatorKey: string | undefined;
  given: {
    temporal: TemporalSettings | undefined;
    directus: { url: string; token: string } | undefined;
    /** The credential for it is `RIDENDINE_API_KEY` or, if that is not set, the key that the sandbox would have. */
    ridendineBaseUrl: string | undefined;
  };
  /** Everything that was set: each part gets its own share of it (see `parts.ts`). */
  environment: Record<string, string>;
}

export type StackPort = 'temporal' | 'temporalUi' | 'directus' | 'ridendine' | 'codecServer' | 'gateway';

/** The variable that sets each port. */
export const portVariables = {
  temporal: 'STACK_TEMPORAL_PORT',
  temporalUi: 'STACK_TEMPORAL_UI_PORT',
  directus: 'STACK_DIRECTUS_PORT',
  ridendine: 'STACK_RIDENDINE_PORT',
  codecServer: 'CODEC_SERVER_PORT',
  gateway: 'GATEWAY_PORT',
} as const satisfies Record<StackPort, string>;

const portNames = Object.keys(portVariables) as StackPort[];

/** The folder that holds everything of a stack: an absolute path. */
export function dataFolder(environment: Environment): string {
  return path.resolve(setVariables(environment)['STACK_DATA_DIR'] ?? '.stack');
}

/** A path as a person would type it in the folder where npm was called. npm itself changes to the project's folder. */
export function shownPath(file: string): string {
  const below = path.relative(process.env['INIT_CWD'] ?? process.cwd(), file);
  return below.startsWith('..') ? file : below;
}

/**
 * Reads the stack's settings and reports all problems at once. An empty variable counts as not set.
 *
 * @throws {SettingsError}
 */
export function readStackSettings(environment: Environment): StackSettings {
  const set = setVariables(environment);
  const variables = parseEnvironment(stackVariables(set), set);
  const port = (name: StackPort): [StackPort, number] => [name, variables[portVariables[name]]];
  const ports = Object.fromEntries(portNames.map(port)) as Record<StackPort, number>;
  assertDifferent(ports);
  return {
    dataDir: dataFolder(set),
    ports,
    temporalNamespace: variables.TEMPORAL_NAMESPACE ?? 'default',
    gatewayHost: variables.GATEWAY_HOST,
    oneProcess: variables.STACK_ONE_PROCESS === 'on',
    gatewayKey: variables.GATEWAY_API_KEYS?.[0]?.key,
    operatorKey: variables.OPERATOR_API_KEYS?.[0]?.key,
    given: {
      temporal: namesTemporal(set) ? readTemporalSettings(set) : undefined,
      directus:
        variables.DIRECTUS_URL !== undefined && variables.DIRECTUS_TOKEN !== undefined
          ? { url: variables.DIRECTUS_URL, token: variables.DIRECTUS_TOKEN }
          : undefined,
      ridendineBaseUrl: variables.RIDENDINE_BASE_URL,
    },
    environment: set,
  };
}

function portOr(standard: number) {
  return wholeNumber(1, 65_535).default(standard);
}

/** The stack's own settings and those of worker and gateway. So wrong ones are refused before anything starts. */
function stackVariables(set: Environment) {
  return workerVariables.extend(gatewayVariables.shape).extend({
    STACK_ONE_PROCESS: z.enum(['on', 'off'], 'must be on or off').default('off'),
    [portVariables.temporal]: portOr(7233),
    [portVariables.temporalUi]: portOr(8233),
    [portVariables.directus]: portOr(8055),
    [portVariables.ridendine]: portOr(4010),
    [portVariables.codecServer]: portOr(8888),
    [portVariables.gateway]: portOr(3000),
    DIRECTUS_URL: httpUrl().optional(),
    // The user's own Directus has its own service account. For the embedded Directus, the stack makes one.
    DIRECTUS_TOKEN: 'DIRECTUS_URL' in set ? secret() : secret().optional(),
    RIDENDINE_BASE_URL: httpUrl().optional(),
    RIDENDINE_API_KEY: secret().optional(),
    DIRECTUS_ADMIN_TOKEN: secret().optional(),
    GATEWAY_API_KEYS: gatewayVariables.shape.GATEWAY_API_KEYS.optional(),
    ENCRYPTION_KEYS: gatewayVariables.shape.ENCRYPTION_KEYS.optional(),
  });
}

function assertDifferent(ports: Record<StackPort, number>): void {
  const problems = portNames.flatMap((name, index) => {
    const same = portNames.slice(0, index).find((other) => ports[other] === ports[name]);
    return same === undefined ? [] : [`${portVariables[name]}: is the same port as ${portVariables[same]}`];
  });
  if (problems.length > 0) throw new SettingsError(problems);
}
