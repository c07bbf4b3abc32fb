import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIRECTUS_PACKAGE_VARIABLE } from '../child-environment.ts';
import { hasErrorCode } from '../has-error-code.ts';
import { setting } from '../setting.ts';

/**
 * The program of the embedded Directus. It installs Directus into an empty database, makes sure that the administrator
 * exists, and serves. Its settings come from the environment that `startDirectus` gives it.
 *
 * The program calls the same modules as Directus' command line. So install, migrations and server take one process
 * instead of three. These modules are no public API: the version is pinned, and the contract tests run all of this.
 */

type Row = Record<string, unknown>;

/** One of Directus' services. It is used without an account, so it may do everything. */
interface Service {
  readByQuery(query: object): Promise<Row[]>;
  createOne(row: Row): Promise<string>;
  updateOne(id: string, change: Row): Promise<string>;
  /** Only the service `authentication` has this method. */
  verifyPassword(id: string, password: string): Promise<void>;
}

/** The part of knex that is used here. */
interface Database {
  raw(sql: string): Promise<{ rows: Row[] }>;
}

/** Fixed ids: every start finds the same administrator, even if a person has renamed something. */
const ids = {
  role: 'c00c0000-0000-4000-8000-0000000000a1',
  policy: 'c00c0000-0000-4000-8000-0000000000a2',
  access: 'c00c0000-0000-4000-8000-0000000000a3',
  user: 'c00c0000-0000-4000-8000-0000000000a4',
};
const INSTALLING = 'Directus is being installed';

const classes = {
  roles: 'RolesService',
  policies: 'PoliciesService',
  access: 'AccessService',
  users: 'UsersService',
  authentication: 'AuthenticationService',
};

resolveDateFnsQuickly();
const load = loader(process.env[DIRECTUS_PACKAGE_VARIABLE]);
await install();
await ensureAdministrator({
  email: setting('ADMIN_EMAIL'),
  password: setting('ADMIN_PASSWORD'),
  token: setting('ADMIN_TOKEN'),
});
await (await load('server')).startServer();

/** `@directus/api` is a dependency of `directus`, not ours, and brings no types. */
function loader(packageFolder: string | undefined) {
  const ours = createRequire(import.meta.url);
  const manifest = packageFolder ? join(packageFolder, 'package.json') : ours.resolve('directus/package.json');
  const requireFromDirectus = createRequire(manifest);
  return (module: string) => import(pathToFileURL(requireFromDirectus.resolve(`@directus/api/${module}`)).href);
}

/**
 * Node parses the 200 kB of date-fns' `package.json` again for each of its 300 modules, which takes 2 s of a start that
 * takes 5. A relative import does not need that file: every `.js` file of date-fns is an ES module.
 */
function resolveDateFnsQuickly(): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const { parentURL } = context;
      const isInside = specifier.startsWith('.') && parentURL?.includes('/node_modules/date-fns/');
      if (!isInside || !parentURL?.endsWith('.js') || !specifier.endsWith('.js'))
        return nextResolve(specifier, context);
      return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true };
    },
  });
}

/**
 * Makes Directus' own tables, or brings them up to date.
 *
 * The install can't be one transaction, because a migration relies on a statement that fails. So a note in the database
 * says that an install has begun. An install that was killed is thrown away and made again: nobody has used it yet.
 */
async function install(): Promise<void> {
  const { default: getDatabase, isInstalled } = await load('database/index');
  const { default: seed } = await load('database/seeds/run');
  const { default: migrate } = await load('database/migrations/run');
  const database: Database = getDatabase();
  const { rows } = await database.raw(`SELECT obj_description('public'::regnamespace) AS note`);
  if (rows[0]?.['note'] === INSTALLING) {
    await database.raw('DROP SCHEMA public CASCADE');
    await database.raw('CREATE SCHEMA public');
  }
  if (!(await isInstalled())) {
    await database.raw(`COMMENT ON SCHEMA public IS '${INSTALLING}'`);
    await seed(database);
  }
  await migrate(database, 'latest', false);
  await database.raw('COMMENT ON SCHEMA public IS NULL');
}

/**
 * Makes sure that the administrator exists, is active and has exactly this email, password and static token. The
 * password is written only if it differs, because writing it ends the administrator's sessions in Data Studio.
 */
async function ensureAdministrator(wanted: { email: string; password: string; token: string }): Promise<void> {
  const { password, ...rest } = wanted;
  const { role, policy, access, user } = ids;
  const shown = { name: 'Administrator', icon: 'verified' };
  await createIfMissing('roles', { ...shown, id: role, description: 'Of the embedded stack.' });
  await createIfMissing('policies', { ...shown, id: policy, admin_access: true, app_access: true });
  await createIfMissing('access', { id: access, role, policy });

  const account = { ...rest, role, status: 'active' };
  const isNew = await createIfMissing('users', {
    ...account,
    first_name: 'Admin',
    last_name: 'User',
    id: user,
    password,
  });
  if (isNew) return;
  const users = await service('users');
  const [stored] = await users.readByQuery({ fields: ['email', 'role', 'status'], filter: { id: { _eq: user } } });
  // Directus does not show the token, so the token is always written.
  const changed = Object.entries(account).filter(([name, value]) => stored?.[name] !== value);
  const samePassword = await hasPassword(password);
  await users.updateOne(user, { ...Object.fromEntries(changed), ...(samePassword ? {} : { password }) });
}

async function hasPassword(password: string): Promise<boolean> {
  await (await load('auth')).registerAuthProviders();
  try {
    await (await service('authentication')).verifyPassword(ids.user, password);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'INVALID_CREDENTIALS')) return false;
    throw error;
  }
}

/** @returns whether the row was missing. */
async function createIfMissing(kind: keyof typeof classes, row: Row): Promise<boolean> {
  const rows = await service(kind);
  const found = await rows.readByQuery({ fields: ['id'], filter: { id: { _eq: row['id'] } } });
  if (found.length === 0) await rows.createOne(row);
  return found.length === 0;
}

async function service(kind: keyof typeof classes): Promise<Service> {
  const { [classes[kind]]: Class } = await load(`services/${kind}`);
  return new Class({ schema: await (await load('utils/get-schema')).getSchema() });
}
