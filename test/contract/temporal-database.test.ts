import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../support/free-port.ts';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { startTemporal } from '../../stack/temporal/start-temporal.ts';
import { openSupervisedFolder } from '../support/supervised-folder.ts';
import type { SupervisedFolder } from '../support/supervised-folder.ts';

const OTHER_VERSION = 'what a server of another version has stored';

let folder: SupervisedFolder;
let said: string[];

beforeEach(async () => {
  folder = await openSupervisedFolder('temporal-database');
  said = [];
});
afterEach(() => folder.stop());

/** Starts the server on the data folder, hands a client to `use`, and stops the server afterwards. */
async function whileServing<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const spawn = folder.supervisor.spawn.bind(folder.supervisor);
  const { settings, part } = await startTemporal({
    cli: await findTemporalCli({ environment: process.env, spawn, doing: () => {} }),
    spawn,
    dataDir: folder.dataDir,
    port: await freePort(),
    uiPort: await freePort(),
    namespace: 'default',
    say: (sentence) => said.push(sentence),
  });
  const connection = await Connection.connect({ address: settings.address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
    await part.stop();
  }
}

const start = (client: Client) =>
  client.workflow.start('waits', { taskQueue: 'nobody-asks-it', workflowId: 'the-run', args: [] });
const stageOf = async (client: Client) => (await client.workflow.getHandle('the-run').describe()).status.name;
const databases = async () => (await readdir(folder.dataDir)).filter((name) => name.endsWith('.db')).toSorted();

describe("the embedded Temporal's database", () => {
  it('is that of the last start, as long as the server has the same version', async () => {
    await whileServing(start);

    expect(await whileServing(stageOf)).toBe('RUNNING');
    expect(await databases()).toEqual([expect.stringMatching(/^temporal-1-\d+\.\d+\.\d+\.db$/)]);
    expect(said).toEqual([]);
  });

  it.each(['temporal.db', 'temporal-7-1.29.1.db'])(
    'is a new one beside %s, which another version has written and which is left as it is',
    async (name) => {
      const old = path.join(folder.dataDir, name);
      await writeFile(old, OTHER_VERSION);

      await whileServing(start);
      expect(await whileServing(stageOf)).toBe('RUNNING');

      expect(await readFile(old, 'utf8')).toBe(OTHER_VERSION);
      expect(await databases()).toHaveLength(2);
      expect(said).toEqual([expect.stringContaining(`${old}, of another version, stays as it is`)]);
    },
  );

  it('is a new one once more when an older server comes back: what that one had stored is out of date', async () => {
    await whileServing(start);
    const [first = ''] = await databases();
    const [, version = ''] = /^temporal-1-(.*)\.db$/.exec(first) ?? [];
    await writeFile(path.join(folder.dataDir, 'temporal-2-99.0.0.db'), OTHER_VERSION);

    await whileServing(async () => {});

    expect(await databases()).toEqual([first, 'temporal-2-99.0.0.db', `temporal-3-${version}.db`]);
    await expect(whileServing(stageOf)).rejects.toThrow('not found');
  });
});
