import { randomBytes } from 'node:crypto';
import { newEncryptionKey } from '../support/test-encryption.ts';
import { developmentVariables } from '../support/compose-project.ts';

/**
 * @returns the variables of an environment file for docker-compose.yml: those of compose.dev.env, with new secrets in
 *   the place of those that everybody knows.
 */
export function newVariables(changes: Record<string, string> = {}): Record<string, string> {
  const known = developmentVariables();
  const secrets = Object.keys(known).filter((name) => /PASSWORD|SECRET|TOKEN$|API_KEYS?$/.test(name));
  return {
    ...known,
    ...Object.fromEntries(secrets.map((name) => [name, randomBytes(24).toString('hex')])),
    ENCRYPTION_KEYS: newEncryptionKey('production'),
    ...changes,
  };
}

/** @returns the text of the environment file that Compose reads. */
export function asEnvironmentFile(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
