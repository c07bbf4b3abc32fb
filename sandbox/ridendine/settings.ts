import { z } from 'zod';

const settingsSchema = z.object({
  SANDBOX_HOST: z.string().default('127.0.0.1'),
  SANDBOX_PORT: z
    .string()
    .default('4010')
    .transform(Number)
    .refine((port) => Number.isInteger(port) && port >= 0 && port <= 65_535, 'must be a port, 0 to 65535'),
  SANDBOX_DATA_FILE: z.string().default('.stack/ridendine/orders.db'),
  SANDBOX_API_KEY: z
    .string({ error: 'is required: the bearer credential that callers must send' })
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces'),
});

export interface SandboxSettings {
  host: string;
  /** 0: any free one. */
  port: number;
  dataFile: string;
  apiKey: string;
}

/** The message has one line for every setting that is wrong, with its name and never its value. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/**
 * Reads the settings that README.md lists. An empty variable counts as one that is not set.
 *
 * @throws {SettingsError} naming every problem at once.
 */
export function readSettings(environment: NodeJS.ProcessEnv): SandboxSettings {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = settingsSchema.safeParse(set);
  if (!result.success) {
    throw new SettingsError(result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}.`).join('\n'));
  }
  const { SANDBOX_HOST, SANDBOX_PORT, SANDBOX_DATA_FILE, SANDBOX_API_KEY } = result.data;
  return { host: SANDBOX_HOST, port: SANDBOX_PORT, dataFile: SANDBOX_DATA_FILE, apiKey: SANDBOX_API_KEY };
}
