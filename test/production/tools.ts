import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { findOnPath } from '../../stack/temporal/find-program.ts';
import type { Supervisor } from '../../stack/supervisor.ts';
import { findPrometheus } from '../support/find-prometheus.ts';
import { findTemporalServer } from '../support/find-temporal-server.ts';
import type { TemporalServer } from '../support/find-temporal-server.ts';

/** Programs that the images of PostgreSQL, Prometheus and Temporal contain. */
export interface Tools {
  temporal: TemporalServer;
  /** A PATH with `psql`, `prometheus`, `temporal`, `temporal-server` and `temporal-sql-tool`. */
  searchPath: string;
}

/** @param bin a folder to create for links to programs. @throws Error with one sentence that says what is missing. */
export async function findTools(bin: string, supervisor: Supervisor): Promise<Tools> {
  const { PATH } = process.env;
  if ((await findOnPath('psql', PATH)) === undefined) {
    throw new Error('psql, which the installation needs, is not on the PATH: install postgresql-client, 14 or newer.');
  }
  const prometheusFolder = await findPrometheus(process.env);
  const temporal = await findTemporalServer(process.env);
  const cli = await findTemporalCli({
    environment: process.env,
    spawn: (command) => supervisor.spawn(command),
    doing: () => {},
  });
  await mkdir(bin);
  await symlink(cli, path.join(bin, 'temporal'));
  return { temporal, searchPath: [bin, temporal.binFolder, prometheusFolder, PATH].join(path.delimiter) };
}
