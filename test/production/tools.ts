import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { findOnPath } from '../../stack/temporal/find-program.ts';
import type { Supervisor } from '../../stack/supervisor.ts';
import { findTemporalServer } from '../support/find-temporal-server.ts';
import type { TemporalServer } from '../support/find-temporal-server.ts';

/** Programs that the images of PostgreSQL and Temporal bring. */
export interface Tools {
  temporal: TemporalServer;
  /** With `psql`, `temporal`, `temporal-server` and `temporal-sql-tool`. */
  searchPath: string;
}

/** @param bin a folder that is made for links. @throws Error with one sentence that says what is missing. */
export async function findTools(bin: string, supervisor: Supervisor): Promise<Tools> {
  const { PATH } = process.env;
  if ((await findOnPath('psql', PATH)) === undefined) {
    throw new Error(
      'The databases are made with psql: install postgresql-client, 14 or newer, and put it on the PATH.',
    );
  }
  const temporal = await findTemporalServer(process.env);
  const cli = await findTemporalCli({
    environment: process.env,
    spawn: (command) => supervisor.spawn(command),
    doing: () => {},
  });
  await mkdir(bin);
  await symlink(cli, path.join(bin, 'temporal'));
  return { temporal, searchPath: [bin, temporal.binFolder, PATH].join(path.delimiter) };
}
