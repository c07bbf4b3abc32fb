import { z } from 'zod';
import { EncryptionKeysError, NO_ENCRYPTION, parseEncryptionKeys } from '../temporal/encryption-keys.ts';
import { SettingsError } from './environment.ts';

/** Temporal stores customers' names and addresses. So encryption can be switched off only explicitly. */
export const encryptionVariables = z.object({
  ENCRYPTION_KEYS: z.string().superRefine((text, context) => {
    try {
      parseEncryptionKeys(text);
    } catch (error) {
      if (!(error instanceof EncryptionKeysError)) throw error;
      context.addIssue(`${error.message}; "${NO_ENCRYPTION}" switches encryption off, for test orders only`);
    }
  }),
  NODE_ENV: z.string().optional(),
});

/** @returns the text of the keys. @throws {SettingsError} if encryption is switched off in production. */
export function readEncryptionKeys(variables: z.output<typeof encryptionVariables>): string {
  const { ENCRYPTION_KEYS, NODE_ENV } = variables;
  if (ENCRYPTION_KEYS === NO_ENCRYPTION && NODE_ENV === 'production') {
    throw new SettingsError([`ENCRYPTION_KEYS: must not be "${NO_ENCRYPTION}" in production`]);
  }
  return ENCRYPTION_KEYS;
}
