import { loadClientConfigProfile, loadConfigData, toClientOptions } from '@temporalio/envconfig';
import type { ClientConfigProfile, ClientConfigTLS, ConfigDataSource } from '@temporalio/envconfig';
import { z } from 'zod';
import { parseEnvironment, secret, setVariables, SettingsError } from './environment.ts';

const DEFAULT_ADDRESS = '127.0.0.1:7233';
const DEFAULT_NAMESPACE = 'default';

const address = z.string().regex(/^[^\s/]+:\d+$/, 'must be host:port, without a scheme');
const trueOrFalse = z.enum(['true', 'false', '1', '0'], 'must be true or false');
const noTruth = z.enum(
  ['false', '0'],
  'is not supported: give the authority that certified the server as TEMPORAL_TLS_SERVER_CA_CERT_PATH',
);

/**
 * Where Temporal is, and how to authenticate: not at all (local), by an API key (Temporal Cloud) or by mTLS. Names and
 * meanings are those of Temporal's own tools (`@temporalio/envconfig`), which also know `TEMPORAL_GRPC_META_<name>`.
 */
export const temporalVariables = z.object({
  TEMPORAL_CONFIG_FILE: z.string().optional(),
  TEMPORAL_PROFILE: z.string().optional(),
  TEMPORAL_ADDRESS: address.optional(),
  TEMPORAL_NAMESPACE: z.string().optional(),
  TEMPORAL_API_KEY: secret().optional(),
  TEMPORAL_TLS: trueOrFalse.optional(),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_DATA: z.string().optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_CERT_DATA: z.string().optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_KEY_DATA: z.string().optional(),
  TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: noTruth.optional(),
});

export interface TemporalSettings {
  address: string;
  namespace: string;
  apiKey?: string;
  /** `false` only if the settings say so. If not set, an API key implies TLS. */
  tls?:
    | boolean
    | {
        serverNameOverride?: string;
        serverRootCACertificate?: Uint8Array;
        clientCertPair?: { crt: Uint8Array; key: Uint8Array };
      };
  /** Headers of every request. */
  metadata?: Record<string, string>;
}

/** Whether the environment says which Temporal to use: by an address, or by a profile or file. */
export function namesTemporal(environment: NodeJS.ProcessEnv): boolean {
  const set = setVariables(environment);
  return ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => name in set);
}

/**
 * Reads the variables above, and the profile of a TOML file if the environment names a file or a profile. A variable
 * wins over the file. The file of the Temporal CLI is not read by default: on a laptop it may lead a worker to
 * production.
 *
 * @throws {SettingsError} also if a file cannot be read, or a client certificate comes without its key or the reverse.
 *   The error has all problems of the first part that has any: variables, profile, files.
 */
export function readTemporalSettings(environment: NodeJS.ProcessEnv): TemporalSettings {
  parseEnvironment(temporalVariables, environment);
  const set = setVariables(environment);
  const { tls, ...profile } = checked(loadProfile(set), set);
  const files = tls === undefined || tls.disabled ? tls : readFiles(tls, set);
  const { connectionOptions, namespace } = toClientOptions({ ...profile, ...(files && { tls: files }) });
  const { tls: tlsOption, metadata } = connectionOptions;
  return {
    address: connectionOptions.address ?? DEFAULT_ADDRESS,
    namespace: namespace ?? DEFAULT_NAMESPACE,
    ...(connectionOptions.apiKey !== undefined && { apiKey: connectionOptions.apiKey }),
    ...(tlsOption !== undefined && tlsOption !== null && { tls: tlsOption }),
    ...(metadata !== undefined && { metadata: metadata as Record<string, string> }),
  };
}

type SetVariables = Record<string, string>;

/** The variable to name in a message about the file, so that its reader finds the file. */
function fileVariable(set: SetVariables): string {
  return set['TEMPORAL_CONFIG_FILE'] === undefined ? 'TEMPORAL_PROFILE' : 'TEMPORAL_CONFIG_FILE';
}

function loadProfile(set: SetVariables): ClientConfigProfile {
  const file = set['TEMPORAL_CONFIG_FILE'];
  const isAsked = file !== undefined || set['TEMPORAL_PROFILE'] !== undefined;
  // Read here, because the library ignores a missing file.
  const data = file === undefined ? undefined : readNamed('TEMPORAL_CONFIG_FILE', { path: file });
  try {
    return loadClientConfigProfile({
      overrideEnvVars: set,
      disableFile: !isAsked,
      ...(data && { configSource: { data } }),
      // Otherwise the library would ignore a misspelt key.
      configFileStrict: true,
    });
  } catch (error) {
    throw new SettingsError([`${fileVariable(set)}: ${libraryProblem(error)}`]);
  }
}

/** The library's error in our words, which repeat no values from the file: they may be keys. */
function libraryProblem(error: unknown): string {
  const { message = '', line, code } = error as Partial<Error> & { line?: unknown; code?: unknown };
  if (typeof line === 'number') return `the file is not TOML (line ${line})`;
  if (typeof code === 'string') return `the file cannot be read (${code})`;
  if (/^Profile .* not found/.test(message)) return 'the file has no such profile';
  const unknown = /^Validation error: key\(s\) unrecognized(?: in (profile[^:]*))?/.exec(message);
  if (unknown) return `the file has an unknown key${unknown[1] ? `, in ${unknown[1]}` : ''}`;
  const both = /^Cannot specify both (\w+)_path/.exec(message);
  if (both) return `${both[1]} is given twice, as a path and as data; TEMPORAL_TLS_… variables count too`;
  return 'the file cannot be understood';
}

/** Names and values of headers. A name that ends in `-bin` is refused, because its value would have to be bytes. */
const headers = z.record(z.string().regex(/^[\da-z_.-]+(?<!-bin)$/), z.string().regex(/^[\x20-\x7e]*$/));

/** Checks the profile. Variables were checked before, except headers and missing halves of a certificate and key. */
function checked(profile: ClientConfigProfile, set: SetVariables): ClientConfigProfile {
  const file = fileVariable(set);
  const grpcMeta =
    profile.grpcMeta &&
    // All underscores, as in Temporal's other tools: the library replaces only the first one.
    Object.fromEntries(Object.entries(profile.grpcMeta).map(([name, value]) => [name.replaceAll('_', '-'), value]));
  const problems = [
    ...problemsOf(`${file}: address`, address, profile.address),
    ...problemsOf(`${file}: namespace`, z.string('must be a text'), profile.namespace),
    ...problemsOf(`${file}: api_key`, secret(), profile.apiKey),
    ...problemsOf(`${file}: tls.server_name`, z.string('must be a text'), profile.tls?.serverName),
    ...problemsOf(`${file}: tls.disabled`, z.boolean('must be true or false'), profile.tls?.disabled),
    ...(grpcMeta === undefined || headers.safeParse(grpcMeta).success
      ? []
      : ['TEMPORAL_GRPC_META_…, or grpc_meta of the file: must be names and values of headers, in printable ASCII']),
    ...halfPair(profile.tls, set),
  ];
  if (problems.length > 0) throw new SettingsError(problems);
  return { ...profile, ...(grpcMeta && { grpcMeta }) };
}

function problemsOf(name: string, schema: z.ZodType, value: unknown): string[] {
  const { error } = schema.optional().safeParse(value);
  return error ? [`${name} ${error.issues[0]?.message}`] : [];
}

type TlsFile = 'clientCert' | 'clientKey' | 'serverCACert';

const tlsFiles: Record<TlsFile, { variable: string; key: string }> = {
  clientCert: { variable: 'TEMPORAL_TLS_CLIENT_CERT', key: 'tls.client_cert' },
  clientKey: { variable: 'TEMPORAL_TLS_CLIENT_KEY', key: 'tls.client_key' },
  serverCACert: { variable: 'TEMPORAL_TLS_SERVER_CA_CERT', key: 'tls.server_ca_cert' },
};

/** A client certificate without its key, or the reverse: the library would connect without both. */
function halfPair(tls: ClientConfigTLS | undefined, set: SetVariables): string[] {
  const { clientCert, clientKey, disabled } = tls ?? {};
  if (disabled || (clientCert === undefined) === (clientKey === undefined)) return [];
  const missing = clientCert === undefined ? tlsFiles.clientCert : tlsFiles.clientKey;
  const given = clientCert === undefined ? tlsFiles.clientKey : tlsFiles.clientCert;
  const isOfEnvironment = [`${given.variable}_PATH`, `${given.variable}_DATA`].some((name) => name in set);
  return [
    isOfEnvironment ? `${missing.variable}_PATH is not set.` : `${fileVariable(set)}: ${missing.key}_path is not set.`,
  ];
}

/** Replaces the paths of the files by their contents. @throws {SettingsError} */
function readFiles(tls: ClientConfigTLS, set: SetVariables): ClientConfigTLS {
  const problems: string[] = [];
  const read = Object.entries(tlsFiles).flatMap(([name, { variable, key }]) => {
    const source = tls[name as TlsFile];
    if (source === undefined) return [];
    const setting = `${variable}_PATH` in set ? `${variable}_PATH` : `${fileVariable(set)}: ${key}_path`;
    try {
      return [[name, { data: readNamed(setting, source) }]];
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new SettingsError(problems);
  return { ...tls, ...Object.fromEntries(read) } as ClientConfigTLS;
}

/** @throws {SettingsError} with the setting's name, not the path: somebody may have put a key in place of the path. */
function readNamed(setting: string, source: ConfigDataSource): Uint8Array {
  try {
    return loadConfigData(source) ?? new Uint8Array();
  } catch (error) {
    throw new SettingsError([`${setting}: the file cannot be read (${(error as NodeJS.ErrnoException).code})`]);
  }
}
