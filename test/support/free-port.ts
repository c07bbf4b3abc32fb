import { freePort as anyFreePort } from '../../stack/free-port.ts';

/** Those that start at once take theirs below; jest numbers its workers from 1. */
const lowest = 22_000;
const portsPerWorker = 1_000;
const workers = 10;

const taken = new Set<number>();

/**
 * A port of this machine's loopback that no other test takes until it is used: each of jest's workers has a range of its
 * own, and no port is given twice in a test file.
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
