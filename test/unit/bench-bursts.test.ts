import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { stallsInBurst } from '../../bench/bursts.ts';

const place = (ms: string) => delay(Number(ms));

it.each([
  ['that takes long as a whole', ['1100', '1200', '1300'], false],
  ['of one order', ['1100'], false],
  ['in which some wait while nothing is done', ['10', '20', '1200'], true],
])('a burst %s is told from one that stalls', async (_what, orders, stalled) => {
  await expect(stallsInBurst(orders, place)).resolves.toBe(stalled);
});
