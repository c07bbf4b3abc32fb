import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { freePort } from '../../stack/free-port.ts';
import type { RestartablePart } from '../../stack/restartable-part.ts';
import { Supervisor } from '../../stack/supervisor.ts';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { startTemporal } from '../../stack/temporal/start-temporal.ts';

export interface EmbeddedTemporal {
  settings: TemporalSettings;
  /** Where it keeps its database. */
  dataDir: string;
  /** Can be killed and started again, at the same address and with the same data. */
  server: RestartablePart;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** A real Temporal server with our search attributes, on free ports, in a folder of its own. */
export async function startEmbeddedTemporal(): Promise<EmbeddedTemporal> {
  const dataDir = await mkdtemp(join(tmpdir(), 'embedded-temporal-'));
  const supervisor = new Supervisor({ dataDir });
  const spawn = supervisor.spawn.bind(supervisor);
  const stop = async () => {
    await supervisor.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const { settings, part } = await startTemporal({
      cli: await findTemporalCli({ environment: process.env, spawn, doing: () => {} }),
      spawn,
      dataDir,
      port: await freePort(),
      uiPort: await freePort(),
      namespace: 'default',
    });
    return { settings, dataDir, server: part, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
