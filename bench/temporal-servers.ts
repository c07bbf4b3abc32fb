import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { freePort } from '../stack/free-port.ts';
import { Supervisor } from '../stack/supervisor.ts';
import { findTemporalCli } from '../stack/temporal/find-cli.ts';
import { startTemporal } from '../stack/temporal/start-temporal.ts';
import type { Pids } from './measured-load.ts';
import { temporalFlags } from './temporal-flags.ts';

/** A Temporal server that the orchestration is measured on. */
export interface BenchServer {
  variant: string;
  /** For a person. */
  title: string;
  settings: TemporalSettings;
  /** The server itself and what it stores its data in. */
  pids: Pids;
  flags: string[];
  /** How large its database is by now, where there is one to ask. */
  databaseBytes?: () => Promise<number>;
  stop(): Promise<void>;
}

/** The dev server as `npm start` runs it, with its data in a file or in memory. */
export async function startDevServer(storage: 'file' | 'memory'): Promise<BenchServer> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'order-creation-temporal-'));
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
      storage,
    });
    return {
      variant: storage,
      title: storage === 'file' ? 'dev server, data in a file' : 'dev server, data in memory',
      settings,
      pids: { temporal: part.pid },
      flags: temporalFlags(part.pid),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
