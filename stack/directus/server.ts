import { ensureAdministrator } from './administrator.ts';
import { loadDirectus } from './directus-internals.ts';
import { PACKAGE_VARIABLE } from './environment.ts';
import { installDirectus } from './install.ts';

/**
 * The embedded Directus: installs itself into an empty database, makes sure of its administrator, and serves. Its
 * settings come from the environment that `directusEnvironment` builds.
 */

const directus = await loadDirectus(process.env[PACKAGE_VARIABLE]);
await installDirectus(directus);
await ensureAdministrator(directus, {
  email: setting('ADMIN_EMAIL'),
  password: setting('ADMIN_PASSWORD'),
  token: setting('ADMIN_TOKEN'),
});
await directus.startServer();

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}
