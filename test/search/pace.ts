/** How many times faster the time-outs, pauses and timers of a run pass. */
export const SPEED = 10;

/** Type of the failure that tells the workflow that the worker of a local attempt has died. */
export const WORKER_DIED = 'WorkerDied';

/** How long RideNDine remembers a key, and how long before the end of that time the product stops using the key. */
export const KEY_MS = 10_000;
export const MARGIN_MS = 5000;

/** How long a brief quote lasts, and how long after that an unsent order is still tried. */
export const BRIEF_QUOTE_MS = 2000;
export const GRACE_MS = 500;
