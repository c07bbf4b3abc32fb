/**
 * Limits how many requests of each caller wait at the same time. So a slow Temporal cannot fill the memory with waiting
 * requests, and one caller cannot take the places of another.
 */
export class WaitingRoom {
  readonly #capacity: number;
  readonly #waiting = new Map<string, Set<AbortController>>();
  #isClosing = false;

  /** @param capacity how many requests of each caller may wait. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many requests of all callers wait. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Runs `wait` if the caller has a place left. `wait` must end soon after `stopWaiting` is aborted, by `wait` itself
   * or by `close()`.
   *
   * @param caller name of a caller with a known key.
   * @returns the result of `wait`; `undefined` if the caller has no place left.
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

  /** Aborts the waits of all requests, and of each later request as soon as it enters. */
  close(): void {
    this.#isClosing = true;
    for (const waiting of this.#waiting.values()) for (const stopWaiting of waiting) stopWaiting.abort();
  }
}
