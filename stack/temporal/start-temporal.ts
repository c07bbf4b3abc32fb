import { mkdir } from 'node:fs/promises';
import type { Connection } from '@temporalio/client';
import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { registerSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { withTemporalAccess } from '../../src/temporal/temporal-access.ts';
import { baseEnvironment } from '../child-environment.ts';
import { startPart, type RestartablePart } from '../start-part.ts';
import type { Part, PartCommand } from '../supervisor.ts';
import { temporalDatabase } from './database-file.ts';
import { withTemporal } from './temporal-connection.ts';

const HOST = '127.0.0.1';
/** Fifty times what a start takes; a machine that is busy with `npm ci` is slow. */
const READY_TIMEOUT_MS = 30_000;

const dynamicConfig = [
  // By default the dev server waits up to 50 ms before every step of a workflow; with these it does not.
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'system.enableActivityEagerExecution=true',
  // A run that somebody deletes is gone at once, not half a minute later.
  'history.visibilityProcessorEnsureCloseBeforeDelete=false',
  'history.transferProcessorEnsureCloseBeforeDelete=false',
  // Temporal notices within seconds, not after three minutes, that a worker build is drained and no longer needed.
  'matching.wv.VersionDrainageStatusVisibilityGracePeriod="2s"',
  'matching.wv.VersionDrainageStatusRefreshInterval="2s"',
];

/** With these, a file is as fast as memory, and a killed server loses nothing. */
const sqlitePragmas = ['journal_mode=WAL', 'synchronous=NORMAL'];

export interface StartTemporalOptions {
  /** Path of the Temporal CLI. */
  cli: string;
  spawn: (command: PartCommand) => Part;
  dataDir: string;
  port: number;
  uiPort: number;
  /** The address where the UI gets payloads decoded. Without it, the UI shows them as they are stored. */
  uiCodecEndpoint?: string | undefined;
  namespace: string;
  /** With `memory`, all data is gone when the server ends. Only tests and the benchmark use that. */
  storage?: 'file' | 'memory';
  /** Called with a sentence if a new database is begun beside one of another version. */
  say?: (sentence: string) => void;
}

/**
 * Starts the Temporal dev server on the data folder's database and waits until its namespace and our search attributes
 * are there.
 *
 * @throws Error with one sentence if the server ends or is not ready in time.
 */
export async function startTemporal(
  options: StartTemporalOptions,
): Promise<{ settings: TemporalSettings; part: RestartablePart }> {
  const { cli, spawn, dataDir, port, uiPort, uiCodecEndpoint, namespace, storage = 'file', say = () => {} } = options;
  const settings = { address: `${HOST}:${port}`, namespace };
  await mkdir(dataDir, { recursive: true });
  const database = storage === 'file' ? await temporalDatabase({ cli, dataDir, say }) : undefined;
  const command = {
    name: 'temporal',
    command: cli,
    args: [
      'server',
      'start-dev',
      ...(database === undefined ? [] : [`--db-filename=${database}`]),
      `--ip=${HOST}`,
      `--port=${port}`,
      `--ui-port=${uiPort}`,
      ...(uiCodecEndpoint === undefined ? [] : [`--ui-codec-endpoint=${uiCodecEndpoint}`]),
      `--namespace=${namespace}`,
      '--log-level=warn',
      ...dynamicConfig.map((setting) => `--dynamic-config-value=${setting}`),
      ...(database === undefined ? [] : sqlitePragmas.map((pragma) => `--sqlite-pragma=${pragma}`)),
    ],
    // A garbage collection at 4 times the live heap saves a fifth of the server's CPU.
    env: { ...baseEnvironment(process.env), GOGC: '400' },
  };
  const isServing = ({ workflowService }: Connection) => workflowService.describeNamespace({ namespace });
  const part = await startPart({
    name: 'Temporal',
    spawn: () => spawn(command),
    timeoutMs: READY_TIMEOUT_MS,
    isReady: () => withTemporal(settings, isServing).then(() => true),
  });
  await withTemporalAccess(settings, (temporal) => registerSearchAttributes(temporal));
  return { settings, part };
}
