import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { createDemoQuote } from '../../sandbox/shop/demo-data.ts';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';
import { freePort } from './free-port.ts';
import { silentProgress } from '../../stack/progress.ts';
import { loadSecrets } from '../../stack/secrets.ts';
import { readStackSettings } from '../../stack/settings.ts';
import { startOrderData } from '../../stack/start-order-data.ts';
import { startStack } from '../../stack/stack.ts';
import type { Stack } from '../../stack/stack.ts';
import { copyTemplate, keepTemplate } from './database-template.ts';
import { connectOrderWorld } from './order-world.ts';
import type { OrderWorld } from './order-world.ts';
import { removeDataFolder } from './remove-data-folder.ts';
import { openSupervisedFolder } from './supervised-folder.ts';

export interface RunningStack extends OrderWorld {
  stack: Stack;
  newCheckout(): Promise<DemoCheckout>;
  stop(): Promise<void>;
}

/** Starts the whole stack with all its real parts, on free ports and in a folder of its own. */
export async function startRunningStack(environment: Record<string, string> = {}): Promise<RunningStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'order-creation-stack-'));
  // PostgreSQL runs as a user of its own when the tests run as root.
  await chmod(dataDir, 0o755);
  await copyTemplate('stack-data', dataDir);
  const settings = readStackSettings({
    ...homeAndPath(),
    ...environment,
    STACK_DATA_DIR: dataDir,
    STACK_TEMPORAL_PORT: String(await freePort()),
    STACK_TEMPORAL_UI_PORT: String(await freePort()),
    STACK_DIRECTUS_PORT: String(await freePort()),
    STACK_RIDENDINE_PORT: String(await freePort()),
    CODEC_SERVER_PORT: String(await freePort()),
    GATEWAY_PORT: String(await freePort()),
  });
  const stack = await startStack({ settings, progress: silentProgress });
  const { urls, secrets } = stack;
  const connection = await Connection.connect({ address: stack.temporal.address });
  const temporal = new Client({
    connection,
    namespace: stack.temporal.namespace,
    dataConverter: dataConverterFor(parseEncryptionKeys(secrets.encryptionKeys)),
  });

  return {
    ...connectOrderWorld({
      temporal,
      gateway: { url: urls.gateway, token: secrets.gatewayKey },
      directus: { url: urls.directus, token: secrets.directusAdminToken },
      sandbox: { url: urls.ridendine, token: secrets.ridendineApiKey },
    }),
    stack,
    newCheckout: () => createDemoQuote({ url: urls.directus, adminToken: secrets.directusAdminToken }),
    async stop() {
      await connection.close();
      await stack.stop();
      await removeDataFolder(dataDir);
    },
  };
}

/** Makes a template of the data that a stack starts with, so that the test files do not each make this data. */
export async function makeStackData(shared: string): Promise<void> {
  const { dataDir, supervisor, stop } = await openSupervisedFolder('stack-data');
  try {
    const settings = readStackSettings({
      ...homeAndPath(),
      STACK_DATA_DIR: dataDir,
      STACK_DIRECTUS_PORT: String(await freePort()),
    });
    const secrets = loadSecrets(settings);
    // The link to Temporal's UI is missing here: each stack adds it, since each has another port.
    await startOrderData({ settings, secrets, supervisor, progress: silentProgress }, undefined);
    await supervisor.stop();
    await keepTemplate('stack-data', { shared, dataDir, files: ['postgres', 'secrets'], note: undefined });
  } finally {
    await stop();
  }
}

function homeAndPath(): Record<string, string | undefined> {
  return { HOME: process.env['HOME'], PATH: process.env['PATH'] };
}
