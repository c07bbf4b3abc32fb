import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below those that a system gives to outgoing connections (from 32768 on Linux, 49152 elsewhere): else one of them could
 * sit on the port of a server that is being started again. Those from 22,000 are the tests'.
 */
const standardRange = { lowest: 20_000, highest: 21_999 };
const ATTEMPTS = 100;

/** A port of this machine's loopback that nobody uses at the moment. */
export async function freePort({ lowest, highest } = standardRange): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(lowest, highest + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${ATTEMPTS} ports from ${lowest} to ${highest} was free.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
