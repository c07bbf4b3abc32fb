import type { IncomingHttpHeaders } from 'node:http2';
import { afterEach, expect, it } from '@jest/globals';
import { openTemporalAccess } from '../../src/temporal/temporal-access.ts';
import { startTemporalFront } from '../support/temporal-front.ts';

const CANCELLED = 1;
const UNAVAILABLE = 14;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

it('a server that gives a request up just before its deadline did not answer in time', async () => {
  const { ask } = await askServer(CANCELLED, (headers) => timeoutMsOf(headers) - 40);

  await expect(ask()).rejects.toMatchObject({ trouble: 'no answer in time' });
});

it.each([
  ['gives requests up at once', CANCELLED],
  ['is not there', UNAVAILABLE],
])('a server that %s is asked again until the deadline, and is unreachable', async (_what, status) => {
  const { ask, countRequests } = await askServer(status);

  await expect(ask()).rejects.toMatchObject({ trouble: 'unreachable' });
  expect(countRequests()).toBeGreaterThan(2);
});

async function askServer(status: number, refusesAfterMs?: (headers: IncomingHttpHeaders) => number) {
  let requests = 0;
  const refuse = () => {
    requests += 1;
    return status;
  };
  const front = await startTemporalFront({ target: '127.0.0.1:1', refuse, ...(refusesAfterMs && { refusesAfterMs }) });
  const access = openTemporalAccess({ address: front.address, namespace: 'default' });
  cleanUps.push(
    () => front.close(),
    () => access.close(),
  );
  return {
    ask: () => access.ask(() => access.connection.workflowService.getClusterInfo({}), 2000),
    countRequests: () => requests,
  };
}

/** The time-out of a request. gRPC sends "1999m" for milliseconds and "2S" for seconds. */
function timeoutMsOf({ 'grpc-timeout': timeout }: IncomingHttpHeaders): number {
  const [, count, unit] = /^(\d+)([mS])$/.exec(String(timeout)) ?? [];
  if (unit === undefined) throw new Error(`No time-out that is known: ${String(timeout)}.`);
  return Number(count) * (unit === 'S' ? 1000 : 1);
}
