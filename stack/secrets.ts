import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeOwnerFile } from './owner-file.ts';
import type { StackSettings } from './settings.ts';

/** The credentials by which the parts of one stack know each other, each with its file in the data folder. */
const files = {
  directusAdminToken: 'secrets/directus-admin-token',
  directusAdminPassword: 'secrets/directus-admin-password',
  /** Password of the support user, who looks at orders and decides about them. */
  directusSupportPassword: 'secrets/directus-support-password',
  /** Signs Directus' sessions. */
  directusSecret: 'secrets/directus-secret',
  /** Token of the service account that the worker uses. */
  directusServiceToken: 'secrets/directus-service-token',
  ridendineApiKey: 'secrets/ridendine-api-key',
  postgresPassword: 'secrets/postgres-password',
  /** One of the keys that the gateway accepts; README's curl reads it. */
  gatewayKey: 'gateway-key',
  /** The key with which Directus sends the decisions of support staff to the gateway. */
  operatorKey: 'secrets/operator-key',
  /** The keys for everything that is encrypted in Temporal. */
  encryptionKeys: 'secrets/encryption-keys',
  /** Part of the codec server's address. Everyone who knows it can decode. */
  codecPathSegment: 'secrets/codec-path-segment',
};

export type Secret = keyof typeof files;
export type StackSecrets = Record<Secret, string>;

/** Variables of the environment that set a secret as it is. */
export const secretVariables: Record<string, Secret> = {
  DIRECTUS_ADMIN_TOKEN: 'directusAdminToken',
  DIRECTUS_TOKEN: 'directusServiceToken',
  RIDENDINE_API_KEY: 'ridendineApiKey',
  ENCRYPTION_KEYS: 'encryptionKeys',
};

export function secretFile(dataDir: string, name: Secret): string {
  return path.join(dataDir, files[name]);
}

/**
 * Reads the secrets of a data folder. Makes those that are missing and stores them for the next start. Secrets from the
 * environment take precedence and are not stored, except the gateway's key: README's curl reads it from its file.
 */
export function loadSecrets({ dataDir, environment, gatewayKey, operatorKey }: StackSettings): StackSecrets {
  mkdirSync(path.join(dataDir, 'secrets'), { recursive: true, mode: 0o700 });
  if (gatewayKey !== undefined) writeOwnerFile(secretFile(dataDir, 'gatewayKey'), `${gatewayKey}\n`);
  const given: Partial<Record<Secret, string | undefined>> = {
    ...Object.fromEntries(Object.entries(secretVariables).map(([name, secret]) => [secret, environment[name]])),
    operatorKey,
  };
  const load = (name: Secret) => {
    const file = secretFile(dataDir, name);
    if (given[name] !== undefined) return given[name];
    if (!existsSync(file)) writeOwnerFile(file, `${name === 'encryptionKeys' ? newEncryptionKey() : newSecret()}\n`);
    return readSecret(dataDir, name);
  };
  return Object.fromEntries((Object.keys(files) as Secret[]).map((name) => [name, load(name)])) as StackSecrets;
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Each key has its own id, so that a lost key that is found again can be put beside the new key. */
function newEncryptionKey(): string {
  const id = `${new Date().toISOString().slice(0, 7)}-${randomBytes(2).toString('hex')}`;
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** @throws Error with one sentence if the file cannot be read, for example because another user owns the stack. */
export function readSecret(dataDir: string, name: Secret): string {
  const file = secretFile(dataDir, name);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`${file} cannot be read (${String(error)}): run this as the user who runs the stack.`, {
      cause: error,
    });
  }
}
