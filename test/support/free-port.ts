import { freePort as anyFreePort } from '../../stack/ports.ts';

/** The ports below this one are the default range of `stack/ports.ts`. */
const lowest = 22_000;
const portsPerWorker = 1_000;
const workers = 10;

const taken = new Set<number>();

/**
 * Finds a free port on the loopback of this machine. No other test gets the same port: each of jest's workers (numbered
 * from 1) has its own range, and no port is given twice in a test file.
 */
export async function freePort(): Promise<number> {
  const from = lowest + (Number(process.env['JEST_WORKER_ID'] ?? '0') % workers) * portsPerWorker;
  for (;;) {
    const port = await anyFreePort({ lowest: from, highest: from + portsPerWorker - 1 });
    if (!taken.has(port)) {
      taken.add(port);
      return port;
    }
  }
}
