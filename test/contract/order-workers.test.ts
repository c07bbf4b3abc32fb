import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { TemporalUnavailableError } from '../../src/client/index.ts';
import { watchOrderWorkers } from '../../src/gateway/order-workers.ts';
import { freePort } from '../support/free-port.ts';

it('leaves nothing behind that fails later when it is closed while Temporal is away', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const workers = watchOrderWorkers({ address, namespace: 'default' }, async () => {});

  const count = workers.count().catch((error: unknown) => error);
  await delay(50);
  await workers.close();

  expect(await count).toBeInstanceOf(TemporalUnavailableError);
  // An error in a timer would fail the test within this time.
  await delay(1000);
});
