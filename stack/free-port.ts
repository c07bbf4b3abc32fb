import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports below those of outgoing connections (from 32768 on Linux, from 49152 elsewhere): an outgoing connection could
 * take the port of a server while that server restarts. The ports from 22,000 on belong to the tests.
 */
const standardRange = { lowest: 20_000, highest: 21_999 };
const ATTEMPTS = 100;

/** @returns a port of 127.0.0.1 that no program uses at the moment. @throws Error if no free port is found. */
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
