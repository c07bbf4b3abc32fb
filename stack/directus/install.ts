import type { DirectusInternals } from './directus-internals.ts';

const INSTALLING = 'Directus is being installed';

/**
 * Directus' own tables, made or brought up to date.
 *
 * The install can't be one transaction (a migration relies on a statement that fails), so a note in the database says
 * that it has begun: an install that was killed is thrown away and made again. Nobody can have used it yet.
 */
export async function installDirectus(directus: DirectusInternals): Promise<void> {
  const { database } = directus;
  if ((await readNote()) === INSTALLING) {
    await database.raw('DROP SCHEMA public CASCADE');
    await database.raw('CREATE SCHEMA public');
  }
  if (!(await directus.isInstalled())) {
    await database.raw(`COMMENT ON SCHEMA public IS '${INSTALLING}'`);
    await directus.seedDatabase(database);
    await directus.migrate(database, 'latest', false);
    await database.raw('COMMENT ON SCHEMA public IS NULL');
  } else {
    await directus.migrate(database, 'latest', false);
  }

  async function readNote(): Promise<unknown> {
    const { rows } = await database.raw(`SELECT obj_description('public'::regnamespace) AS note`);
    return rows[0]?.['note'];
  }
}
