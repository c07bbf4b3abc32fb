import { join } from 'node:path';
import { baseEnvironment } from '../child-environment.ts';

/** Folder of a package `directus` to start instead of ours. `npm run test:directus-11` sets this variable. */
export const PACKAGE_VARIABLE = 'STACK_DIRECTUS_PACKAGE';

export interface DirectusSettings {
  /** Everything that Directus writes to disk goes here. */
  dataDir: string;
  host: string;
  port: number;
  postgres: { host: string; port: number; user: string; password: string; database: string };
  adminToken: string;
  /** Directus refuses an address without a real top-level domain: `admin@example.com` is accepted. */
  adminEmail: string;
  /** For a person who logs in to Data Studio. */
  adminPassword: string;
  /** Signs the sessions. At least 32 characters. If the secret stays the same, sessions survive a restart. */
  secret: string;
  /** Directus' own settings that override those below. */
  variables?: Record<string, string>;
}

/**
 * The whole environment of the embedded Directus. Of the caller's variables it has only those that every program gets,
 * and `PACKAGE_VARIABLE`. Directus reads no `.env` file of a working directory.
 */
export function directusEnvironment(settings: DirectusSettings): Record<string, string> {
  const { dataDir, host, port, postgres } = settings;
  const packageFolder = process.env[PACKAGE_VARIABLE];
  return {
    ...baseEnvironment(process.env),
    ...(packageFolder && { [PACKAGE_VARIABLE]: packageFolder }),
    NODE_ENV: 'production',
    CONFIG_PATH: join(dataDir, 'no.env'),
    HOST: host,
    PORT: String(port),
    PUBLIC_URL: `http://${host}:${port}`,
    SECRET: settings.secret,
    DB_CLIENT: 'pg',
    DB_HOST: postgres.host,
    DB_PORT: String(postgres.port),
    DB_USER: postgres.user,
    DB_PASSWORD: postgres.password,
    DB_DATABASE: postgres.database,
    ADMIN_EMAIL: settings.adminEmail,
    ADMIN_PASSWORD: settings.adminPassword,
    ADMIN_TOKEN: settings.adminToken,
    PROJECT_NAME: 'COOCO',
    PROJECT_OWNER_ENABLED: 'false',
    STORAGE_LOCAL_ROOT: join(dataDir, 'uploads'),
    EXTENSIONS_PATH: join(dataDir, 'extensions'),
    MIGRATIONS_PATH: join(dataDir, 'migrations'),
    EMAIL_TEMPLATES_PATH: join(dataDir, 'templates'),
    TEMP_PATH: join(dataDir, 'temp'),
    EMAIL_VERIFY_SETUP: 'false',
    LOG_LEVEL: 'warn',
    LOG_STYLE: 'raw',
    TELEMETRY: 'false',
    // Directus measures its own load. A stack that has just started looks overloaded, and Directus would answer 503.
    PRESSURE_LIMITER_ENABLED: 'false',
    RATE_LIMITER_ENABLED: 'false',
    // With a cache, Directus could answer with data from before an order was written.
    CACHE_ENABLED: 'false',
    // Otherwise Directus copies the whole schema for each request, in case an extension changes it.
    CACHE_SCHEMA_FREEZE_ENABLED: 'true',
    WEBSOCKETS_ENABLED: 'false',
    MCP_ENABLED: 'false',
    AI_ENABLED: 'false',
    ...settings.variables,
  };
}
