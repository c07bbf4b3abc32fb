import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';

const OTHERS_MAY_ENTER = 0o001;
const GROUP_MAY_ENTER = 0o010;
const OWNER_MAY_ENTER = 0o100;

/**
 * PostgreSQL refuses to run as root, so root's runs as the user `postgres`, who must be able to walk to its files.
 *
 * @returns the folder which is in the way, if there is one.
 */
export async function folderClosedToPostgres(path: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const postgres = await findPostgresUser();
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const needed = uid === postgres?.uid ? OWNER_MAY_ENTER : gid === postgres?.gid ? GROUP_MAY_ENTER : OTHERS_MAY_ENTER;
    if ((mode & needed) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** The user may not exist yet; it is created with the first database and is in no special group then. */
async function findPostgresUser(): Promise<{ uid: number; gid: number } | undefined> {
  const ids = await Promise.all(['-u', '-g'].map((flag) => execa('id', [flag, 'postgres'], { reject: false })));
  const [uid, gid] = ids.map(({ stdout, failed }) => (failed ? Number.NaN : Number(stdout)));
  return uid === undefined || gid === undefined || Number.isNaN(uid) ? undefined : { uid, gid };
}
