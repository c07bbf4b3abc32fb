import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { freePort } from './free-port.ts';
import type { RestartablePart } from '../../stack/start-part.ts';
import type { PartCommand } from '../../stack/supervisor.ts';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { startTemporal } from '../../stack/temporal/start-temporal.ts';
import { openSupervisedFolder } from './supervised-folder.ts';

export interface EmbeddedTemporal {
  settings: TemporalSettings;
  /** The folder of the server's database. */
  dataDir: string;
  /** The server's process. A test can kill it and start it again, at the same address and with the same data. */
  server: RestartablePart;
  /** Ends the server and removes its data. */
  stop: () => Promise<void>;
}

/**
 * Starts a real Temporal server with our search attributes, on free ports, in a folder of its own.
 *
 * @param changed changes the command by which `npm start` runs the server.
 */
export async function startEmbeddedTemporal(
  storage: 'file' | 'memory' = 'file',
  changed: (command: PartCommand) => PartCommand = (command) => command,
): Promise<EmbeddedTemporal> {
  const { dataDir, supervisor, stop } = await openSupervisedFolder('embedded-temporal');
  const spawn = supervisor.spawn.bind(supervisor);
  try {
    const { settings, part } = await startTemporal({
      cli: await findTemporalCli({ environment: process.env, spawn, doing: () => {} }),
      spawn: (command) => spawn(changed(command)),
      dataDir,
      port: await freePort(),
      uiPort: await freePort(),
      namespace: 'default',
      storage,
    });
    return { settings, dataDir, server: part, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * For {@link startEmbeddedTemporal}: an idle worker polls again after 5 s instead of a minute. Until a worker polls
 * again, Temporal cannot tell whether that worker is still there, and `npm run deployment` waits.
 */
export function askedOften({ args, ...command }: PartCommand): PartCommand {
  return { ...command, args: [...args, '--dynamic-config-value=matching.longPollExpirationInterval="5s"'] };
}
