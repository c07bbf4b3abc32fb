import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { scheduleSweep } from '../../src/worker/sweep-schedule.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { newEncryptionKey } from '../support/test-encryption.ts';

let temporal: EmbeddedTemporal;
let connection: Connection;
beforeAll(async () => {
  temporal = await startEmbeddedTemporal();
  connection = await Connection.connect({ address: temporal.settings.address });
}, 360_000);
afterAll(async () => {
  await connection?.close();
  await temporal?.stop();
});

const clientWith = (keys: string) =>
  new Client({ connection, dataConverter: dataConverterFor(parseEncryptionKeys(keys)) });

describe('the schedule of the sweep', () => {
  it('is set up by a worker that lacks the key of the one before, and a pause of an operator is kept', async () => {
    const [before, after] = [clientWith(newEncryptionKey('lost')), clientWith(newEncryptionKey('new'))];
    await scheduleSweep(before, { intervalMs: 60_000, afterMs: 1000 });
    await before.schedule.getHandle('order-sweep').pause('Ticket 1');

    await scheduleSweep(after, { intervalMs: 120_000, afterMs: 2000 });

    await expect(after.schedule.getHandle('order-sweep').describe()).resolves.toMatchObject({
      spec: { intervals: [{ every: 120_000 }] },
      action: { args: [{ older_than_ms: 2000 }] },
      state: { paused: true, note: 'Ticket 1' },
    });
  });
});
