/**
 * Bounds how many requests of each caller wait at the same time, so that a slow Temporal can't fill the memory with them,
 * nor one caller the room of another.
 */
export class WaitingRoom {
  readonly #capacity: number;
  readonly #waiting = new Map<string, Set<AbortController>>();
  #isClosing = false;

  /** @param capacity for each caller. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many requests of all callers wait. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Runs `wait` if there is room. It ends soon after `stopWaiting` is aborted: by itself, or because the room closes.
   *
   * @param caller one of those who have a key.
   * @returns `undefined` if there is no room.
   */
  enter<Result>(caller: string, wait: (stopWaiting: AbortController) => Promise<Result>): Promise<Result> | undefined {
    const waiting = this.#waiting.get(caller) ?? new Set();
    if (waiting.size >= this.#capacity) return undefined;
    this.#waiting.set(caller, waiting);
    const stopWaiting = new AbortController();
    if (this.#isClosing) stopWaiting.abort();
    waiting.add(stopWaiting);
    return wait(stopWaiting).finally(() => waiting.delete(stopWaiting));
  }

  /** Nobody waits any more, now or later. */
  close(): void {
    this.#isClosing = true;
    for (const waiting of this.#waiting.values()) for (const stopWaiting of waiting) stopWaiting.abort();
  }
}
