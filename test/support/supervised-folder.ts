import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Supervisor } from '../../stack/supervisor.ts';
import { removeDataFolder } from './remove-data-folder.ts';

/** Processes with a temporary folder of their own. */
export interface SupervisedFolder {
  dataDir: string;
  supervisor: Supervisor;
  /** Ends the processes and removes the folder. */
  stop: () => Promise<void>;
}

export async function openSupervisedFolder(name: string): Promise<SupervisedFolder> {
  const dataDir = await mkdtemp(path.join(tmpdir(), `${name}-`));
  // If the tests run as root, PostgreSQL runs as another user, which must be able to enter the folder.
  await chmod(dataDir, 0o755);
  const supervisor = new Supervisor({ dataDir });
  return {
    dataDir,
    supervisor,
    stop: async () => {
      await supervisor.stop();
      await removeDataFolder(dataDir);
    },
  };
}
