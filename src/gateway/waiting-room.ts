/** Bounds how many requests wait at the same time, so that a slow Temporal can't fill the memory with them. */
export class WaitingRoom {
  readonly #capacity: number;
  readonly #waiting = new Set<AbortController>();
  #isClosing = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Runs `wait` if there is room. It ends soon after `stopWaiting` is aborted: by itself, or because the room closes.
   *
   * @returns `undefined` if there is no room.
   */
  enter<Result>(wait: (stopWaiting: AbortController) => Promise<Result>): Promise<Result> | undefined {
    if (this.#waiting.size >= this.#capacity) return undefined;
    const stopWaiting = new AbortController();
    if (this.#isClosing) stopWaiting.abort();
    this.#waiting.add(stopWaiting);
    return wait(stopWaiting).finally(() => this.#waiting.delete(stopWaiting));
  }

  /** Nobody waits any more, now or later. */
  close(): void {
    this.#isClosing = true;
    for (const stopWaiting of this.#waiting) stopWaiting.abort();
  }
}
