import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { findOnPath } from '../../stack/temporal/find-program.ts';
import type { Supervisor } from '../../stack/supervisor.ts';
import { findTemporalServer } from '../support/find-temporal-server.ts';
import type { TemporalServer } from '../support/find-temporal-server.ts';

/** Programs that the images of PostgreSQL, Prometheus and Temporal bring. */
export interface Tools {
  temporal: TemporalServer;
  /** With `psql`, `prometheus`, `temporal`, `temporal-server` and `temporal-sql-tool`. */
  searchPath: string;
}

/** @param bin a folder that is made for links. @throws Error with one sentence that says what is missing. */
export async function findTools(bin: string, supervisor: Supervisor): Promise<Tools> {
  const { PATH } = process.env;
  for (const [program, from] of [
    ['psql', 'postgresql-client, 14 or newer'],
    ['prometheus', 'prometheus'],
  ] as const) {
    if ((await findOnPath(program, PATH)) !== undefined) continue;
    throw new Error(`${program}, which the installation needs, is not on the PATH: install ${from}.`);
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
