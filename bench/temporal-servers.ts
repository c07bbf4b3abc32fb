import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import type { PartCommand } from '../stack/supervisor.ts';
import { startEmbeddedTemporal } from '../test/support/embedded-temporal.ts';
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
  stop: () => Promise<void>;
}

/**
 * The dev server as `npm start` runs it, with its data in a file or in memory.
 *
 * @param changed makes another command of the one that runs it.
 */
export async function startDevServer(
  storage: 'file' | 'memory',
  changed?: (command: PartCommand) => PartCommand,
): Promise<BenchServer> {
  const { settings, server, stop } = await startEmbeddedTemporal(storage, changed);
  return {
    variant: storage,
    title: storage === 'file' ? 'dev server, data in a file' : 'dev server, data in memory',
    settings,
    pids: { temporal: server.pid },
    flags: temporalFlags(server.pid),
    stop,
  };
}
