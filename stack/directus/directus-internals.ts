import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** As much of knex as is used here. */
export interface Database {
  raw(sql: string): Promise<{ rows: Record<string, unknown>[] }>;
}

type Row = Record<string, unknown>;

/** One of Directus' services, used without an account: it may do everything. */
export interface Service {
  readByQuery(query: object): Promise<Row[]>;
  createOne(row: Row): Promise<string>;
  updateOne(id: string, change: Row): Promise<string>;
}

type ServiceClass<T = Service> = new (options: { schema: unknown }) => T;

/**
 * What Directus' command line is made of. Called directly, install, migrations and server take one process and one
 * start instead of three; the price is that these modules are not a public API, so the version is pinned and the
 * contract tests run all of it.
 */
export interface DirectusInternals {
  database: Database;
  seedDatabase(database: Database): Promise<void>;
  migrate(database: Database, direction: 'latest', log: boolean): Promise<void>;
  isInstalled(): Promise<boolean>;
  getSchema(): Promise<unknown>;
  startServer(): Promise<void>;
  /** What checking a password needs. */
  registerAuthProviders(): Promise<void>;
  RolesService: ServiceClass;
  PoliciesService: ServiceClass;
  AccessService: ServiceClass;
  UsersService: ServiceClass;
  AuthenticationService: ServiceClass<{ verifyPassword(userId: string, password: string): Promise<void> }>;
  SettingsService: ServiceClass<{ upsertSingleton(row: Row): Promise<unknown> }>;
}

/**
 * Loads Directus, which reads its settings from the environment while it loads.
 *
 * @param packageFolder of the package `directus`; ours if it is not given.
 */
export async function loadDirectus(packageFolder?: string): Promise<DirectusInternals> {
  const load = loaderOf(packageFolder);
  const database = await load('database/index');
  const server = await load('server');
  return {
    database: database.default(),
    isInstalled: database.isInstalled,
    seedDatabase: (await load('database/seeds/run')).default,
    migrate: (await load('database/migrations/run')).default,
    getSchema: (await load('utils/get-schema')).getSchema,
    startServer: server.startServer,
    registerAuthProviders: (await load('auth')).registerAuthProviders,
    RolesService: (await load('services/roles')).RolesService,
    PoliciesService: (await load('services/policies')).PoliciesService,
    AccessService: (await load('services/access')).AccessService,
    UsersService: (await load('services/users')).UsersService,
    AuthenticationService: (await load('services/authentication')).AuthenticationService,
    SettingsService: (await load('services/settings')).SettingsService,
  };
}

/** `@directus/api` is a dependency of `directus`, not ours, and brings no types. */
function loaderOf(packageFolder: string | undefined) {
  const manifest =
    packageFolder === undefined
      ? createRequire(import.meta.url).resolve('directus/package.json')
      : join(packageFolder, 'package.json');
  const requireFromDirectus = createRequire(manifest);
  return (module: string) => import(pathToFileURL(requireFromDirectus.resolve(`@directus/api/${module}`)).href);
}
