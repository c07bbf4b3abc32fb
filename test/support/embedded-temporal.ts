import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { searchAttributes } from '../../src/domain/order-creation.ts';
import { freePort } from '../../stack/free-port.ts';
import { Supervisor } from '../../stack/supervisor.ts';
import type { Part, PartCommand } from '../../stack/supervisor.ts';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { startTemporal } from '../../stack/temporal/start-temporal.ts';

export interface EmbeddedTemporal {
  settings: TemporalSettings;
  /** Kills it. Its data stays. */
  crash(): Promise<void>;
  /** Starts it anew after a crash, at the same address and with the same data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** A real Temporal server with our search attributes, on free ports, in a folder of its own. */
export async function startEmbeddedTemporal(): Promise<EmbeddedTemporal> {
  const dataDir = await mkdtemp(join(tmpdir(), 'embedded-temporal-'));
  const supervisor = new Supervisor({ dataDir });
  let server: Part | undefined;
  const spawn = (command: PartCommand) => (server = supervisor.spawn(command));
  const stop = async () => {
    await supervisor.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const options = {
      cli: await findTemporalCli({ environment: process.env, spawn, doing: () => {} }),
      spawn,
      dataDir,
      port: await freePort(),
      uiPort: await freePort(),
      namespace: 'default',
      searchAttributes: Object.values(searchAttributes).map(({ name }) => name),
    };
    const settings = await startTemporal(options);
    return {
      settings,
      async crash() {
        await server?.stop({ signal: 'SIGKILL' });
      },
      async restart() {
        await startTemporal(options);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
