import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from '@temporalio/client';
import { noopMetricMeter } from '@temporalio/common';
import pWaitFor from 'p-wait-for';
import { PARTNER_PAUSE_WORKFLOW, PARTNER_PAUSE_WORKFLOW_ID } from '../../src/contract/partner-pause.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../../src/contract/runs.ts';
import { pauseCalls, readPause, resumeCalls } from '../../src/operators/partner-pause.ts';
import { watchPause } from '../../src/worker/partner-pause.ts';
import type { PauseWatch } from '../../src/worker/partner-pause.ts';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { openTemporalAccess } from '../../src/temporal/temporal-access.ts';
import { newEncryptionKey, testEncryptionKeys } from '../support/test-encryption.ts';
import { startOrdersOnTemporal } from '../support/orders-on-temporal.ts';
import type { OrdersOnTemporal } from '../support/orders-on-temporal.ts';

const by = { actor: 'agent-7', reason: 'Ticket 1' };

let site: OrdersOnTemporal;
let connection: OrdersOnTemporal['connection'];
let client: OrdersOnTemporal['client'];
let access: OrdersOnTemporal['access'];
const watches: PauseWatch[] = [];
beforeAll(async () => {
  site = await startOrdersOnTemporal();
  ({ connection, client, access } = site);
}, 240_000);
afterAll(() => site.stop());
afterEach(async () => {
  for (const started of watches.splice(0)) started.stop();
  await handle()
    .terminate()
    .catch(() => {});
});

async function withKeys<Result>(keys: string, use: (temporal: OrdersOnTemporal['access']) => Promise<Result>) {
  const temporal = openTemporalAccess(site.temporal.settings, dataConverterFor(parseEncryptionKeys(keys)));
  try {
    return await use(temporal);
  } finally {
    await temporal.close();
  }
}

const handle = () => client.workflow.getHandle(PARTNER_PAUSE_WORKFLOW_ID);

/** Watches the pause as a worker does, and collects its warnings. */
async function watch(as = client): Promise<{ workers: PauseWatch; said: string[] }> {
  const said: string[] = [];
  const logger = { warn: (text: string) => void said.push(text) };
  const workers = await watchPause({ client: as, meter: noopMetricMeter, logger: logger as never });
  watches.push(workers);
  return { workers, said };
}

describe('a pause of the calls to RideNDine', () => {
  it('is noticed by workers, with who wanted it and why, and so is its end', async () => {
    const { workers, said } = await watch();
    expect(workers.current()).toBeNull();

    await pauseCalls(access, { ...by, for_ms: 3_600_000 });
    await pWaitFor(() => workers.current() !== null, { timeout: 10_000 });
    const seen = workers.current();
    const read = await readPause(access);
    await resumeCalls(access, { actor: 'agent-8', reason: 'They are back' });
    await pWaitFor(() => workers.current() === null, { timeout: 10_000 });

    expect(seen).toEqual({ since: expect.any(String), until: expect.any(String), by });
    expect(Date.parse(seen?.until ?? '') - Date.parse(seen?.since ?? '')).toBe(3_600_000);
    expect(read).toEqual(seen);
    expect(said).toEqual(['Calls to RideNDine are paused.', 'Calls to RideNDine are resumed.']);
    await expect(readPause(access)).resolves.toBeNull();
  }, 60_000);

  it('tells who resumed the calls and why, encrypted, to whoever reads its history', async () => {
    await pauseCalls(access, by);
    const run = handle();

    await resumeCalls(access, { actor: 'agent-8', reason: 'They are back' });

    const { events } = await run.fetchHistory();
    const ended = events?.at(-1)?.workflowExecutionTerminatedEventAttributes;
    expect(JSON.stringify(ended)).not.toContain('agent-8');
    const [payload] = await Promise.all(
      (ended?.details?.payloads ?? []).map(
        async (each) => await client.options.loadedDataConverter.payloadCodecs[0]?.decode([each]),
      ),
    );
    expect(Buffer.from(payload?.[0]?.data ?? []).toString()).toContain('agent-8');
  });

  it('takes the place of one that there is', async () => {
    await pauseCalls(access, by);
    await pauseCalls(access, { actor: 'agent-8', reason: 'It takes longer' });

    await expect(readPause(access)).resolves.toMatchObject({ by: { actor: 'agent-8', reason: 'It takes longer' } });
  });

  it('ends by itself when its time is over', async () => {
    await pauseCalls(access, { ...by, for_ms: 1500 });

    await expect(handle().result()).resolves.toBeUndefined();
    await expect(readPause(access)).resolves.toBeNull();
  });

  it('is ended by the button of the Temporal UI', async () => {
    await pauseCalls(access, by);

    await handle().cancel();
    await handle()
      .result()
      .catch(() => {});

    await expect(readPause(access)).resolves.toBeNull();
    await expect(resumeCalls(access, by)).rejects.toThrow('Calls to RideNDine are not paused.');
  });

  it('holds also where it cannot be read by whom, as with a key that is gone', async () => {
    await pauseCalls(access, by);
    const { workers } = await watch(new Client({ connection }));

    expect(workers.current()).toEqual({ since: expect.any(String) });
  });

  it('is not begun with keys that the workers lack', async () => {
    await withKeys(newEncryptionKey('strange'), (strange) =>
      expect(pauseCalls(strange, by)).rejects.toThrow('Set ENCRYPTION_KEYS to the keys of the workers'),
    );

    await expect(readPause(access)).resolves.toBeNull();
  });

  it('stays if somebody whose keys cannot read it wants another one', async () => {
    await pauseCalls(access, by);

    await withKeys(newEncryptionKey('strange'), (strange) =>
      expect(pauseCalls(strange, { ...by, for_ms: 3_600_000 })).rejects.toThrow('or resume the calls first'),
    );

    await expect(readPause(access)).resolves.toMatchObject({ by });
  });

  it('that takes the place of another and cannot be read by workers is told with what became of that one', async () => {
    await pauseCalls(access, by);

    await withKeys(`${newEncryptionKey('strange')},${testEncryptionKeys}`, (strange) =>
      expect(pauseCalls(strange, by)).rejects.toThrow('calls are made again'),
    );

    await expect(readPause(access)).resolves.toBeNull();
  });

  it.each([
    ['without a name', {}],
    ['with a time that is none', { ...by, for_ms: 'two hours' }],
    ['with a misspelt field', { ...by, form_ms: 1 }],
  ])('that somebody starts by hand %s is refused, and ends', async (_what, input) => {
    await client.workflow.start(PARTNER_PAUSE_WORKFLOW, {
      workflowId: PARTNER_PAUSE_WORKFLOW_ID,
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      args: [input],
    });

    await expect(handle().result()).rejects.toMatchObject({ cause: { type: 'InputInvalid' } });
  });
});
