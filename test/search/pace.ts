/** How many times as fast the time-outs, pauses and timers of a run go by. */
export const SPEED = 10;

/** Type of the failure that tells the workflow that the worker of a local attempt has died. */
export const WORKER_DIED = 'WorkerDied';

/** How long RideNDine remembers a key, and how long before that the product stops using it. */
export const KEY_MS = 10_000;
export const MARGIN_MS = 5000;

/** How long a brief quote lasts, and how long after that an order that never left is still tried. */
export const BRIEF_QUOTE_MS = 2000;
export const GRACE_MS = 500;
