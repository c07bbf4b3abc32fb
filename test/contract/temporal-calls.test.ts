import { afterEach, expect, it } from '@jest/globals';
import { openTemporalAccess } from '../../src/temporal/temporal-access.ts';
import { startTemporalFront } from '../support/temporal-front.ts';

const CANCELLED = 1;
const UNAVAILABLE = 14;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

it.each([
  ['gives up at the deadline did not answer in time', CANCELLED, 'no answer in time'],
  ['is not there is unreachable', UNAVAILABLE, 'unreachable'],
])('a server that %s, and is asked again until then', async (_what, status, trouble) => {
  let requests = 0;
  const refuse = () => {
    requests += 1;
    return status;
  };
  const front = await startTemporalFront({ target: '127.0.0.1:1', refuse });
  const access = openTemporalAccess({ address: front.address, namespace: 'default' });
  cleanUps.push(
    () => front.close(),
    () => access.close(),
  );

  const answer = access.ask(() => access.connection.workflowService.getClusterInfo({}), 2000);

  await expect(answer).rejects.toMatchObject({ trouble });
  expect(requests).toBeGreaterThan(2);
});
