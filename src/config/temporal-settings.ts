import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { secret, SettingsError } from './environment.ts';

/** Where Temporal is, and how to prove who we are: nothing (local), an API key (Temporal Cloud) or mTLS. */
export const temporalVariables = z.object({
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'must be host:port, without a scheme')
    .default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: secret().optional(),
  TEMPORAL_TLS: z.enum(['true', 'false'], 'must be true or false').optional(),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: z.string().optional(),
});

export interface TemporalSettings {
  address: string;
  namespace: string;
  apiKey?: string;
  /** `false` where somebody said so: with an API key, not set means TLS. */
  tls?:
    | false
    | {
        serverNameOverride?: string;
        serverRootCACertificate?: Buffer;
        clientCertPair?: { crt: Buffer; key: Buffer };
      };
}

/** @throws {SettingsError} if half of the client's proof is missing, or a file can't be read. */
export function readTemporalSettings(variables: z.output<typeof temporalVariables>): TemporalSettings {
  const certificate = variables.TEMPORAL_TLS_CLIENT_CERT_PATH;
  const key = variables.TEMPORAL_TLS_CLIENT_KEY_PATH;
  const authority = variables.TEMPORAL_TLS_SERVER_CA_CERT_PATH;
  const serverName = variables.TEMPORAL_TLS_SERVER_NAME;
  if (certificate !== undefined && key === undefined)
    throw new SettingsError(['TEMPORAL_TLS_CLIENT_KEY_PATH is not set.']);
  if (key !== undefined && certificate === undefined)
    throw new SettingsError(['TEMPORAL_TLS_CLIENT_CERT_PATH is not set.']);
  const wantsTls =
    variables.TEMPORAL_TLS === undefined
      ? Boolean(variables.TEMPORAL_API_KEY ?? certificate ?? authority ?? serverName)
      : variables.TEMPORAL_TLS === 'true';
  return {
    address: variables.TEMPORAL_ADDRESS,
    namespace: variables.TEMPORAL_NAMESPACE,
    ...(variables.TEMPORAL_API_KEY !== undefined && { apiKey: variables.TEMPORAL_API_KEY }),
    ...(variables.TEMPORAL_TLS === 'false' && { tls: false }),
    ...(wantsTls && {
      tls: {
        ...(serverName !== undefined && { serverNameOverride: serverName }),
        ...(authority !== undefined && {
          serverRootCACertificate: readPem('TEMPORAL_TLS_SERVER_CA_CERT_PATH', authority),
        }),
        ...(certificate !== undefined &&
          key !== undefined && {
            clientCertPair: {
              crt: readPem('TEMPORAL_TLS_CLIENT_CERT_PATH', certificate),
              key: readPem('TEMPORAL_TLS_CLIENT_KEY_PATH', key),
            },
          }),
      },
    }),
  };
}

function readPem(variable: keyof typeof temporalVariables.shape, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new SettingsError([`${variable}: the file can not be read (${(error as NodeJS.ErrnoException).code})`]);
  }
}
