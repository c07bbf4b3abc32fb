import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { StackSettings } from './settings.ts';

/** The credentials by which the parts of one stack know each other. */
export interface StackSecrets {
  directusAdminToken: string;
  directusAdminPassword: string;
  /** Of the person who looks into orders. */
  directusSupportPassword: string;
  /** Signs Directus' sessions. */
  directusSecret: string;
  /** Of the service account that the worker uses. */
  directusServiceToken: string;
  ridendineApiKey: string;
  postgresPassword: string;
  /** One of the keys that the gateway accepts. */
  gatewayKey: string;
  /** Of everything that Temporal stores. */
  encryptionKeys: string;
  /** Of the codec server's endpoint: who knows it may decode. */
  codecPathSegment: string;
}

/** Files that a person is told of, or that a program beside the stack reads. */
export function secretFiles(dataDir: string) {
  return {
    /** README's curl reads it. */
    gatewayKey: path.join(dataDir, 'gateway-key'),
    directusAdminPassword: path.join(dataDir, 'secrets', 'directus-admin-password'),
    directusSupportPassword: path.join(dataDir, 'secrets', 'directus-support-password'),
    encryptionKeys: path.join(dataDir, 'secrets', 'encryption-keys'),
    directusAdminToken: path.join(dataDir, 'secrets', 'directus-admin-token'),
    directusServiceToken: path.join(dataDir, 'secrets', 'directus-service-token'),
    ridendineApiKey: path.join(dataDir, 'secrets', 'ridendine-api-key'),
  };
}

/**
 * Reads the secrets of a data folder, makes those that are missing, and keeps them for the next start. What the
 * environment gives wins, and is not stored; the gateway's key aside, which README's curl looks for.
 */
export function loadSecrets({ dataDir, environment, gatewayKey }: StackSettings): StackSecrets {
  const folder = path.join(dataDir, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keep = (name: string) => keptSecret(path.join(folder, name));
  const files = secretFiles(dataDir);
  if (gatewayKey !== undefined) writeSecret(files.gatewayKey, gatewayKey);
  return {
    directusAdminToken: environment['DIRECTUS_ADMIN_TOKEN'] ?? keptSecret(files.directusAdminToken),
    directusAdminPassword: keptSecret(files.directusAdminPassword),
    directusSupportPassword: keptSecret(files.directusSupportPassword),
    directusSecret: keep('directus-secret'),
    directusServiceToken: environment['DIRECTUS_TOKEN'] ?? keptSecret(files.directusServiceToken),
    ridendineApiKey: environment['RIDENDINE_API_KEY'] ?? keptSecret(files.ridendineApiKey),
    postgresPassword: keep('postgres-password'),
    gatewayKey: gatewayKey ?? keptSecret(files.gatewayKey),
    encryptionKeys: environment['ENCRYPTION_KEYS'] ?? keptSecret(files.encryptionKeys, newEncryptionKeys),
    codecPathSegment: keep('codec-path-segment'),
  };
}

function newEncryptionKeys(): string {
  // An id of its own: a key that was lost may be found again, and is then put beside this one.
  const id = `${new Date().toISOString().slice(0, 7)}-${randomBytes(2).toString('hex')}`;
  return `${id}:${randomBytes(32).toString('base64')}`;
}

function keptSecret(file: string, create = () => randomBytes(32).toString('base64url')): string {
  if (!existsSync(file)) writeSecret(file, create());
  return readSecret(file);
}

/** @throws Error with one sentence, for a person who is not the owner of the stack. */
export function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`${file} cannot be read (${String(error)}): run this as the user who runs the stack.`, {
      cause: error,
    });
  }
}

/** Whole or not at all, and for its owner's eyes alone from the first byte on. */
function writeSecret(file: string, secret: string): void {
  writeFileSync(`${file}.new`, `${secret}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
