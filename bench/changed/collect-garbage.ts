// Loaded into each thread of a program that is started with --expose-gc. On SIGWINCH all threads collect their garbage.
// A program that does not listen for this signal ignores it.
import { isMainThread } from 'node:worker_threads';

const threads = new BroadcastChannel('collect-garbage');
const collect = () => {
  // The first collection leaves objects that only finalizers held. The second collects them.
  for (let round = 0; round < 2; round += 1) globalThis.gc?.();
};
threads.addEventListener('message', collect);
threads.unref();
if (isMainThread) {
  process.on('SIGWINCH', () => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel of threads has no origins
    threads.postMessage(undefined);
    collect();
  });
}
