import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeOwnerFile } from './owner-file.ts';
import type { StackSettings } from './settings.ts';

/** The credentials by which the parts of one stack know each other, each with its file in the data folder. */
const files = {
  directusAdminToken: 'secrets/directus-admin-token',
  directusAdminPassword: 'secrets/directus-admin-password',
  /** Of the person who looks into orders. */
  directusSupportPassword: 'secrets/directus-support-password',
  /** Signs Directus' sessions. */
  directusSecret: 'secrets/directus-secret',
  /** Of the service account that the worker uses. */
  directusServiceToken: 'secrets/directus-service-token',
  ridendineApiKey: 'secrets/ridendine-api-key',
  postgresPassword: 'secrets/postgres-password',
  /** One of the keys that the gateway accepts; README's curl reads it. */
  gatewayKey: 'gateway-key',
  /** By which Directus brings the gateway what support staff decide. */
  operatorKey: 'secrets/operator-key',
  /** Of everything that Temporal stores. */
  encryptionKeys: 'secrets/encryption-keys',
  /** Of the codec server's endpoint: who knows it may decode. */
  codecPathSegment: 'secrets/codec-path-segment',
};

export type Secret = keyof typeof files;
export type StackSecrets = Record<Secret, string>;

export function secretFile(dataDir: string, name: Secret): string {
  return path.join(dataDir, files[name]);
}

/**
 * Reads the secrets of a data folder, makes those that are missing, and keeps them for the next start. What the
 * environment gives wins, and is not stored; the gateway's key aside, which README's curl looks for.
 */
export function loadSecrets({ dataDir, environment, gatewayKey, operatorKey }: StackSettings): StackSecrets {
  mkdirSync(path.join(dataDir, 'secrets'), { recursive: true, mode: 0o700 });
  if (gatewayKey !== undefined) writeOwnerFile(secretFile(dataDir, 'gatewayKey'), `${gatewayKey}\n`);
  const given: Partial<Record<Secret, string | undefined>> = {
    directusAdminToken: environment['DIRECTUS_ADMIN_TOKEN'],
    directusServiceToken: environment['DIRECTUS_TOKEN'],
    ridendineApiKey: environment['RIDENDINE_API_KEY'],
    encryptionKeys: environment['ENCRYPTION_KEYS'],
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

/** With an id of its own: a key that was lost may be found again, and is then put beside this one. */
function newEncryptionKey(): string {
  const id = `${new Date().toISOString().slice(0, 7)}-${randomBytes(2).toString('hex')}`;
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** @throws Error with one sentence, for a person who is not the owner of the stack. */
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
